"""What trains a run, in a few words."""

from __future__ import annotations

from synthgrad.records import Record

UNSET = "(unset)"
FREEZE = "trainer.freeze"


def method(config: Record) -> str:
    """The algorithm of a config by dotted key, and how it was cut short: another is not told by its name alone.

    ``dni``; with frozen layers ``dni freeze=[2]``; of a branch ``frozen from backprop@20``.
    """
    name = str(config.get("trainer.name", UNSET))
    if layers := config.get(FREEZE):
        name += f" freeze=[{','.join(map(str, layers))}]" if isinstance(layers, list) else f" freeze={layers}"
    if (before := config.get("branch.trainer.name")) is not None:
        epoch = fork(config)
        name += f" from {before}" if epoch is None else f" from {before}@{epoch}"
    return name


def schedule(config: Record) -> str:
    """When modules work, of a config by dotted key, nothing where that is one after the other."""
    kind = config.get("trainer.schedule.kind", "sequential")
    return "" if kind == "sequential" else str(kind)


def fork(config: Record) -> int | None:
    """The last epoch before a run branches; None for one that does not."""
    epoch = config.get("branch.epoch")
    return epoch if isinstance(epoch, int) else None


def names(words: set[str], config: Record) -> bool:
    """Whether words that may name a method say that it branches if it does, and that layers are frozen if some are."""
    frozen = any(word.rpartition("=")[0] in ("freeze", FREEZE) for word in words)
    return ("from" in words) == ("branch.trainer.name" in config) and (frozen or not config.get(FREEZE))
