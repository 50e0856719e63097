"""A skip that nobody has allowed is a failure on CI."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.skips import ALLOWED, unexpected

HERE = Path(__file__).parent


def test_reasons_are_known_by_their_beginning():
    """Each other one is named once."""
    assert unexpected([*ALLOWED, "root may read everything", "no such thing", "no such thing"]) == ["no such thing"]


@pytest.mark.parametrize(("ci", "code"), [("1", 1), ("", 0)])
def test_ci_fails_where_a_test_is_skipped_for_another_reason(tmp_path: Path, ci: str, code: int):
    """Elsewhere it is named; workers of a parallel run count too."""
    (tmp_path / "conftest.py").write_text("from tests_conftest import *\n")
    (tmp_path / "test_one.py").write_text("import pytest\n\n\ndef test_one():\n    pytest.skip('too hard')\n")
    (tmp_path / "tests_conftest.py").write_text((HERE / "conftest.py").read_text())
    words = [sys.executable, "-m", "pytest", "-n", "1", "-p", "no:cacheprovider", str(tmp_path)]
    environment = {"PYTHONPATH": f"{HERE}:{tmp_path}", "PATH": "/usr/bin:/bin", "CI": ci}
    said = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert said.returncode == code, said.stdout + said.stderr
    assert "skipped, which tests/support/skips.py does not allow: too hard" in said.stdout
