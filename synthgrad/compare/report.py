"""What a comparison says, as plain values: every screen, format and page shows this and computes nothing.

Fields without a value are None. Metrics are as the runs recorded them; intervals are those of
``statistics.interval``, at 95 %.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from synthgrad.records import Settings

Interval = tuple[float, float]
SCHEMA = "synthgrad.compare/4"
POINTS = 120
"""As many epochs as a curve keeps."""


@dataclass
class Curve:
    """A metric against the epochs: mean over the runs that got so far, 95 % interval, and how many they are.

    At most ``POINTS`` epochs, the first and the last among them. ``lines`` has the runs' own values there, one
    list for each of the group's seeds, None where a run has none.
    """

    epoch: list[int]
    mean: list[float | None]
    low: list[float | None]
    high: list[float | None]
    n: list[int]
    lines: list[list[float | None]]


@dataclass
class Estimate:
    """A mean over seeds; ``values`` are those of the group's seeds where they are of use, None where one has none."""

    n: int
    mean: float | None
    interval: Interval | None
    median: float | None
    values: list[float | None] = field(default_factory=list)


@dataclass
class Layer:
    """How well the generator of one hidden layer predicts the true gradient, at the epoch of the comparison."""

    layer: int
    cosine: Estimate
    skill: Estimate


@dataclass
class Group:
    """Runs that differ in nothing but the seed. ``values`` belong to ``seeds``, None where a run has no result.

    ``epochs_to_target`` is the median of the runs that ended, None where half of them or fewer ``reached`` the target:
    then it is not reached.
    """

    table: int
    label: str
    role: str
    config: Settings
    keys_that_differ: Settings
    seeds: list[int]
    runs: list[str]
    outcomes: list[str]
    values: list[float | None]
    n: int
    mean: float | None
    interval: Interval | None
    median: float | None
    diverged: int
    diverged_interval: Interval | None
    incomplete: int
    reached: int | None
    epochs_to_target: float | None
    seconds_per_epoch: float | None
    times_reference: float | None
    other_machine: bool
    seconds: float
    layers: list[Layer]
    others: dict[str, Estimate]
    curves: dict[str, Curve] = field(default_factory=dict)
    """By metric: the table's own, the loss, cosine.i and skill.i of every layer."""


@dataclass
class Difference:
    """One group against another over the seeds they share, or one method of a sweep against another.

    ``verdict``: better, worse, ~, too few or incomplete. Mean, interval and what else is made of ``values`` are of the
    seeds in which neither diverged; the test takes in those in which one did, ``diverged`` and ``against_diverged``.
    Of a sweep they are of the best settings by mean, the p and the interval of the methods at their best; if settings
    that lost a seed decide, of those.
    """

    table: int
    of: str
    against: str
    seeds: list[int]
    values: list[float]
    n: int
    mean: float | None
    interval: Interval | None
    p: float | None
    p_holm: float | None
    family: int
    wins: int
    losses: int
    ties: int
    gap: float | None
    gap_interval: Interval | None
    d_z: float | None
    cliffs_delta: float | None
    correlation: float | None
    verdict: str
    diverged: int
    against_diverged: int
    tested: int
    """Seeds that take part in the test: all but those in which both diverged."""
    p_better: float | None
    """One-sided, as is ``p_worse``: half of ``p`` is the smaller of the two."""
    p_worse: float | None
    settings: int = 1
    """The most settings that one of them tried."""
    deciding: list[str] = field(default_factory=list)
    """Of a sweep, the groups of the two settings that decide."""
    incomplete: list[int] = field(default_factory=list)
    """Seeds that both were given and of which a run has no outcome: as long as there are any, nothing is decided."""


@dataclass
class Cell:
    """One setting of a method in a sweep."""

    setting: Settings
    label: str
    n: int
    diverged: int
    mean: float | None
    best: bool
    curve: list[float]
    group: str = ""
    """The label of the group whose runs these are."""


@dataclass
class Tuned:
    """A method of a sweep: its settings, and its difference from the control, each of them at its best.

    ``mean`` is that of the best setting by mean, on the seeds that made it the best: it flatters a method with more
    settings; the difference does not. ``reached`` and the medians to the target and for an epoch are of its runs;
    ``seconds`` are those of all settings.
    """

    method: str
    cells: list[Cell]
    mean: float | None
    near_best: int
    edge: str
    seconds: float
    runs: int
    """Of the best setting."""
    reached: int | None
    epochs_to_target: float | None
    seconds_per_epoch: float | None
    difference: Difference | None


@dataclass
class Sweep:
    """Methods against the settings that were tried; the differences are from the control, best against best.

    ``marginals``, where more than one key was swept: by key and value, each method's mean and best over the
    settings of the other keys.
    """

    keys: list[str]
    control: str | None
    methods: list[Tuned]
    marginals: dict[str, dict[str, list[float | None]]]
    bounds: dict[str, float] = field(default_factory=dict)
    """By key: the largest step at which a linear generator's own regression is stable at the start, 2 / lambda_max."""


@dataclass(frozen=True)
class Missing:
    """The command line of a sweep over runs that are missing, and how many they are."""

    line: str
    runs: int


@dataclass
class Table:
    """Everything about the runs of one task and network but the groups and differences themselves."""

    number: int
    title: str
    task: Settings
    network: Settings
    metric: str
    up: bool
    at: str
    epoch: int | None
    family: dict[str, list[str]]
    control: str | None
    lacks_control: bool
    reference: str | None
    target: float | None
    held_equal: int
    differs: list[str]
    runs: int
    sweep: Sweep | None
    answers: list[str]
    fairness: list[str]
    missing: list[Missing]
    controls_left_out: int = 0
    """Runs of a control that ``--where`` leaves out: then it is not missing."""
    to_decide: list[Missing] = field(default_factory=list)
    """What ``compare --complete`` prints: ``missing`` or, if nothing is, the sweeps of seeds that verdicts need."""


@dataclass
class Answer:
    """What the runs of one table say of a claim: held, not held or undecided; numbers are of the claimed difference."""

    table: int
    claim: str
    answer: str
    n: int
    mean: float | None
    interval: Interval | None
    p: float | None
    p_holm: float | None
    why: str
    line: str = ""
    """Where it stands in a file of claims, ``FILE:LINE:COLUMN``."""
    title: str = ""
    """Of the table; ``table`` is 0 where the report does not have it."""
    setting: Settings = field(default_factory=dict)
    """Task and network of the table."""
    metric: str = ""
    at: str = ""
    epoch: int | None = None
    family: int = 0
    """As many claims as Holm's correction took together; 1 where nothing was corrected."""
    needed: int = 0
    """Seeds that it takes to hold."""
    means: dict[str, float] = field(default_factory=dict)
    """Of its groups, by the names that the claim gives them."""
    seeds: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    """Of the claimed difference, one for each of these seeds."""
    equivalence: Interval | None = None
    """The 90 % interval of a claim of equivalence: it holds where this is within its margin of 0, or of its number."""


@dataclass
class Report:
    """The answer to one ``compare``; ``metric``, ``at`` and ``family`` are those of the first table."""

    schema: str
    synthgrad: str
    command: list[str]
    metric: str
    at: str
    family: dict[str, list[str]]
    tables: list[Table]
    groups: list[Group]
    differences: list[Difference]
    claims: list[Answer]
    warnings: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    """What the runs were made with: versions, commit, BLAS, threads, host."""
    missing: list[Missing] = field(default_factory=list)
    """The sweeps of a file of claims that lack runs; what tables lack, they have themselves."""

    def of_table(self, table: Table) -> tuple[list[Group], list[Difference]]:
        """The groups and differences of one table, in order."""
        return (
            [group for group in self.groups if group.table == table.number],
            [difference for difference in self.differences if difference.table == table.number],
        )
