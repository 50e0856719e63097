"""The options of a config have types: mypy checks a user's file that reads them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAMPLE = """\
from pathlib import Path

from synthgrad.config import load, option
from synthgrad.experiment import Config
from synthgrad.generators import GeneratorOptions
from synthgrad.tasks.binary_addition import BinaryAdditionOptions
from synthgrad.trainers import Trainer
from synthgrad.trainers.dni import DNIOptions


class MyTrainer(Trainer):
    class Options(Trainer.Options):
        decay: float = option(0.5, "share that decays", ge=0, le=1)


def read(path: Path) -> None:
    config = load(path, Config)
    step: float = config.trainer.alpha
    widths: tuple[int, ...] = config.network.hidden
    if isinstance(config.task, BinaryAdditionOptions):
        bits: int = config.task.bits
    if isinstance(config.trainer, DNIOptions):
        share: float = config.trainer.lambda_
        if isinstance(config.trainer.generator, GeneratorOptions):
            every: int = config.trainer.generator.every
    if isinstance(config.trainer, MyTrainer.Options):
        decay: float = config.trainer.decay
    config.trainer.alhpa
    config.network.hidden.append(3)
"""


@pytest.mark.full
def test_mypy_knows_the_options_of_a_config(tmp_path: Path) -> None:
    """It finds what is misspelt, and nothing else."""
    pytest.importorskip("mypy")
    (tmp_path / "sample.py").write_text(SAMPLE)
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", "pyproject.toml", tmp_path / "sample.py"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    wrong = [line.partition("error: ")[2] for line in said.splitlines() if "error: " in line]
    assert wrong == [
        '"TrainerOptions" has no attribute "alhpa"; maybe "alpha"?  [attr-defined]',
        '"tuple[int, ...]" has no attribute "append"  [attr-defined]',
    ]
