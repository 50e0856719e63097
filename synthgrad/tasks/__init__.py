"""Tasks: data as values, one task a file. To add one: a file and a line here."""

from synthgrad.tasks.binary_addition import BinaryAddition
from synthgrad.tasks.task import Examples, Task

TASKS: dict[str, type[Task]] = {"binary-addition": BinaryAddition}

__all__ = ["TASKS", "Examples", "Task"]
