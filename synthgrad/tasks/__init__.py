"""Tasks: data as values, one task a file. To add one: a file and a line here."""

from synthgrad.tasks.binary_addition import BinaryAddition
from synthgrad.tasks.digits import Digits
from synthgrad.tasks.idx import IDX
from synthgrad.tasks.linear_teacher import LinearTeacher
from synthgrad.tasks.table import Table
from synthgrad.tasks.task import Examples, Sizes, Task, TaskOptions

TASKS: dict[str, type[Task]] = {
    "binary-addition": BinaryAddition,
    "digits": Digits,
    "idx": IDX,
    "table": Table,
    "linear-teacher": LinearTeacher,
}

__all__ = ["TASKS", "Examples", "Sizes", "Task", "TaskOptions"]
