"""Processes that share the stages of a pipeline: numbers in shared memory, everything else by message.

A hand-over between two takes about a microsecond by a counter in shared memory that the other looks at, 14 to 28 by
threads, semaphores and pipes (``tests/benchmarks/parallel.py --handover``). Steps of small networks take a hundred, so
workers are processes, and threads are not offered: between two products one interpreter does one thing at a time.
"""

from synthgrad.workers.group import Load, WorkerGroup

__all__ = ["Load", "WorkerGroup"]
