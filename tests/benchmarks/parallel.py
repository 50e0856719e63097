"""Layers that train at the same time: what it brings on this machine, and what it does not.

    python tests/benchmarks/parallel.py               all sizes, and the time to a held-out figure
    python tests/benchmarks/parallel.py --quick       the sizes that have goals, in under four minutes
    python tests/benchmarks/parallel.py --handover    only what it costs to hand something over
    python tests/benchmarks/parallel.py --learning    only the time to a held-out figure

Every variant is a process of its own, with its own number of BLAS threads in its environment. They take turns, burst by
burst, those whose ratio has a goal side by side; the table gives examples a second, the median of the turns, and
ratios turn by turn, their median and extremes. Data are made up: random bits, float32, ReLU units, generators that see
the layer's output and the label, plain SGD. The seconds are those of training, as metrics.csv has them, with what it
costs to hand an epoch to workers and back.

Before and after each turn a watcher on every core does the same work (quiet.py). Turns beside which it took longer are
left out, and those of what is compared are taken again, for --patience seconds a net: a minute finds quiet moments on
most shared machines. A ratio with fewer than three undisturbed turns on either side is told, but not judged. The exit
code is 1 where a goal is missed, 3 where one is not judged.

8x128 is 8 layers of weights of equal width, inputs and outputs too; 4x512 is 784-512-512-512-10. One interface "in the
middle" stands after the layer that makes the slower of the two modules fastest, by their times measured in one process;
the generator belongs to the lower module. "Predicted" is a batch over the slowest worker's sum of such times. Beside it
stand the rivals: delayed true gradients in the same pipeline, and two seeds side by side.
"""

import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import argparse
import sys
from collections.abc import Iterator, Sequence
from statistics import median
from typing import NamedTuple

import parallel_handover as handover
import parallel_learning as learning
from children import environment
from parallel_rows import ALL, CORES, IN_ORDER, ONE, TWO, Measured, Net, measure, rows
from quiet import Watch

from synthgrad.workers.balance import shares

GOALS = [Net(8, 128, 16, 1.4, 1.15), Net(8, 256, 16, 1.4, 1.15), Net(4, 512, 256, 1.6)]
GRID = [Net(layers, width, batch) for layers in (4, 8) for width in (256, 512, 1024) for batch in (64, 256)]
NETS = [*GOALS, *(net for net in GRID if net[:3] not in [goal[:3] for goal in GOALS])]
WHOLE = {"rounds": 9, "seconds": 0.4, "patience": 60.0, "seeds": 5}
QUICK = {"rounds": 6, "seconds": 0.3, "patience": 10.0, "seeds": 1}
"""So that with --quick all of it takes less than four minutes, on cores at half their speed too."""

ENOUGH = 3
"""Turns of either variant that nothing disturbed, to judge their ratio by; with fewer it is told, but not judged."""

NOT_JUDGED = 3
"""The exit code where no goal is missed, but one could not be judged."""


class Outcome(NamedTuple):
    """A measured figure, its spread, and its goal, which is to be reached or to be stayed below, on a quiet machine."""

    what: str
    value: float
    spread: str
    goal: float
    below: bool = False
    judged: bool = True

    @property
    def met(self) -> bool:
        """Whether the goal is met."""
        return self.value < self.goal if self.below else self.value >= self.goal

    def __str__(self) -> str:
        """One line."""
        goal = f"{'below' if self.below else 'at least'} {self.goal:g}"
        said = ("met" if self.met else "MISSED") if self.judged else "not judged"
        return f"{self.what:<68} {self.value:6.2f} {self.spread:<14} {goal:<13} {said}"


def spread(values: Sequence[float]) -> str:
    """From the lowest to the highest."""
    return f"({min(values):.2f}..{max(values):.2f})"


def best_backprop(measured: Measured) -> str:
    """With one thread or with all."""
    return max((ONE, ALL), key=measured.rate)


def outcomes(net: Net, measured: Measured) -> Iterator[Outcome]:
    """The ratios that have goals."""
    for goal, of in ((net.over_in_order, IN_ORDER["middle"]), (net.over_backprop, best_backprop(measured))):
        if goal is not None:
            found, turns = measured.ratios(TWO, of), min(len(measured.quiet[TWO]), len(measured.quiet[of]))
            yield Outcome(f"{net.name}: {TWO} / {of}", median(found), spread(found), goal, judged=turns >= ENOUGH)


def show(net: Net, measured: Measured) -> None:
    """The table of one net."""
    ms = " + ".join(f"{1e3 * seconds:.2f}" for seconds in measured.stages["middle"])
    layers = "-".join(map(str, net.widths))
    print(f"\n{net.name} ({layers}): interface after layer {measured.interface}, modules of {ms} ms a batch")
    undisturbed, every = (sum(map(len, turns.values())) for turns in (measured.quiet, measured.rates))
    print(f"  {undisturbed} of {every} turns undisturbed; where a row has such, only they count")
    print(f"  {'':40}{'examples/s':>11} {'predicted':>10}   {'/ best backprop':21}{'/ in order'}")
    best = best_backprop(measured)
    for name, row in rows(net).items():
        of = IN_ORDER.get(row.where) if row.workers and row.trainer["name"] == "dni" else None
        over = [measured.ratios(name, each) for each in (best, of) if each]
        cells = "".join(f"{median(found):5.2f} {spread(found):15}" for found in over)
        print(f"  {name:40}{measured.rate(name):11,.0f} {predicted(net, measured, name):>10}   {cells}")
    for line in words(net, measured):
        print(f"  {line}", flush=True)


def predicted(net: Net, measured: Measured, name: str) -> str:
    """Examples a second by the slowest worker's stages."""
    row = rows(net)[name]
    if not row.workers or row.trainer["name"] != "dni":
        return ""
    stages = measured.stages[row.where]
    slowest = max(sum(stages[k] for k in own) for own in shares(stages, row.workers))
    return f"{net.batch / slowest:,.0f}"


def words(net: Net, measured: Measured) -> Iterator[str]:
    """What an interface after every layer comes to here, and the prediction for as many cores as layers."""
    every = [name for name, row in rows(net).items() if row.where == "every" and row.workers]
    fastest = max(every, key=measured.rate)
    ratio = median(measured.ratios(fastest, best_backprop(measured)))
    said = "loses" if ratio < 1 else "does not lose"
    yield f"an interface after every layer {said} on {CORES} cores: {ratio:.2f} of the best backprop ({fastest})"
    n, stages = net.layers, measured.stages["every"]
    most, slowest, bound = net.batch / max(stages), 1e3 * max(stages), (3 * n - 1) / 5
    times = most / measured.rate(ONE)
    yield f"PREDICTION, not measured: {n} layers on {n} cores, from their slowest stage, {slowest:.2f} ms a batch:"
    yield f"  {most:,.0f} examples/s, {times:.2f} times backprop with 1 thread. The bound is (3N-1)/5 = {bound:.1f}:"
    yield "  backprop takes 3N-1 products a batch, a layer with its generator 5; one more here, where it predicts anew"


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="only the sizes with goals, fewer rounds and seeds")
    parser.add_argument("--handover", action="store_true", help="only what it costs to hand something over")
    parser.add_argument("--learning", action="store_true", help="only the time to a held-out figure")
    parser.add_argument("--only", default="", metavar="TEXT", help="only nets whose name contains this")
    for name, about in (
        ("rounds", "turns of what is compared; others have a third"),
        ("seconds", "length of a turn, at least an epoch"),
        ("patience", "seconds a net waits for quiet"),
        ("seeds", "of the time to a held-out figure"),
    ):
        usual = f"{about} ({WHOLE[name]:g}, with --quick {QUICK[name]:g})"
        parser.add_argument(f"--{name}", type=type(WHOLE[name]), help=usual)
    chosen = parser.parse_args()
    for name, usual in (QUICK if chosen.quick else WHOLE).items():
        if getattr(chosen, name) is None:
            setattr(chosen, name, usual)
    if not any(chosen.only in net.name for net in NETS):
        parser.error(f"--only: no net has {chosen.only!r} in its name ({'; '.join(net.name for net in NETS)})")
    return chosen


def asked(chosen: argparse.Namespace) -> Iterator[Outcome]:
    """Measure and print what is asked for."""
    everything = not (chosen.handover or chosen.learning or chosen.only)
    if chosen.handover or chosen.only or everything:
        with Watch() as watch:
            if chosen.handover or everything:
                yield handed(watch)
            if chosen.only or everything:
                wanted = [net for net in (GOALS if chosen.quick else NETS) if chosen.only in net.name]
                yield from nets(wanted, chosen, watch)
    if chosen.learning or everything:
        learning.report(chosen.seeds, environment(1))


def handed(watch: Watch) -> Outcome:
    """Measure what it costs to hand something over; what disturbs can only make it dearer."""
    turn = watch.turn(handover.report, at_once=True, patient=False)
    what = "hand-over between two processes, one way, us"
    quiet = watch.quiet(turn) or turn.value < handover.GOAL_US
    return Outcome(what, turn.value, "", handover.GOAL_US, below=True, judged=quiet)


def nets(wanted: Sequence[Net], chosen: argparse.Namespace, watch: Watch) -> Iterator[Outcome]:
    """Measure these nets, and print their tables."""
    print(f"\nat once, they do the work of {watch.cores:.2f}", flush=True)
    for net in wanted:
        watch.patience = chosen.patience
        measured = measure(net, chosen.rounds, chosen.seconds, watch)
        show(net, measured)
        yield from outcomes(net, measured)


def main() -> int:
    """Measure, print, and say whether a goal was missed (1) or whether one could not be judged (3)."""
    chosen = parsed()
    load = f", load {os.getloadavg()[0]:.2f} before the start" if hasattr(os, "getloadavg") else ""
    print(f"{CORES} cores{load}", flush=True)
    every = list(asked(chosen))
    print("\n" + "\n".join(map(str, every)))
    if all(each.judged for each in every):
        return int(not all(each.met for each in every))
    print(f"not judged: fewer than {ENOUGH} undisturbed turns; give it more --patience, or a quiet machine")
    return 1 if any(each.judged and not each.met for each in every) else NOT_JUDGED


if __name__ == "__main__":
    sys.exit(main())
