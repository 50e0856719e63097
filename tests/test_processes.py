"""Other processes: with one BLAS thread, and their ends in words."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from synthgrad import processes


def test_one_blas_thread_takes_effect(monkeypatch):
    """Whatever the environment says: the limit is there before NumPy is loaded."""
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    code = "import numpy, threadpoolctl; print([p['num_threads'] for p in threadpoolctl.threadpool_info()])"
    out = subprocess.run(
        [sys.executable, "-c", code], env=processes._environment(), capture_output=True, text=True, check=True
    )
    assert set(json.loads(out.stdout)) <= {1}


@pytest.mark.parametrize(
    ("code", "said"), [(3, "ended with exit code 3"), (-9, "was killed by SIGKILL"), (-200, "was killed (200)")]
)
def test_an_exit_code_is_told_in_words(code, said):
    """Signals by their names, where they have one."""
    assert processes.how(code) == said


def test_a_process_imports_what_its_parent_does(tmp_path, monkeypatch):
    """Modules are found where the parent finds them, in whatever directory the process begins."""
    (tmp_path / "somewhere_else.py").write_text("import sys\ndef main(): print(sys.argv[1])\n")
    monkeypatch.syspath_prepend(tmp_path)
    process = processes.start("somewhere_else", "here", stdout=subprocess.PIPE, cwd=os.sep)
    assert process.communicate()[0] == b"here\n"
