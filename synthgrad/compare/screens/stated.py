"""The claims of files as text: a block for each answer, and how many are held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from synthgrad.compare.report import Answer
from synthgrad.compare.text import cut, fill
from synthgrad.numbers import short

ORDER = ("held", "not held", "undecided")


def stated(answers: Sequence[Answer], width: int) -> Iterator[str]:
    """The blocks, file by file, and the count at the end."""
    files = list(dict.fromkeys(file_of(each) for each in answers))
    for file in files:
        if len(files) > 1:
            yield cut(f"== {file} ==", width)
            yield ""
        mine = [each for each in answers if file_of(each) == file]
        apart, places = len({each.title for each in mine}) > 1, Counter(each.line for each in mine)
        for each in mine:
            yield from block(each, width, apart, places[each.line] > 1)
        yield ""
    yield count(answers)


def file_of(answer: Answer) -> str:
    """The file that a claim stands in."""
    return answer.line.rsplit(":", 2)[0]


def block(answer: Answer, width: int, apart: bool, again: bool) -> Iterator[str]:
    """The answer and the claim, below them the numbers, and what they were read of.

    ``apart`` if the file is about several tables, ``again`` if the claim is answered in several.
    """
    place = f" ({answer.title})" if again else ""
    yield from fill(f"{answer.answer}: {answer.claim}{place}", width, 4)
    yield from (f"  {line}" for line in fill(answer.why, width - 2, 2))
    if answer.n:
        means = ", ".join(f"{name} {short(mean, 4)}" for name, mean in answer.means.items())
        told = [means, read(answer), answer.title if apart and not again else ""]
        yield from (f"  {line}" for line in fill("; ".join(filter(None, told)), width - 2, 2))


def read(answer: Answer) -> str:
    """The metric, and where it was read."""
    return f"{answer.metric} {f'at epoch {answer.epoch}' if answer.epoch else f'at its {answer.at}'}"


def count(answers: Sequence[Answer]) -> str:
    """``7 held, 1 not held, 1 undecided``."""
    found = Counter(each.answer for each in answers)
    return ", ".join(f"{found[word]} {word}" for word in ORDER)
