"""The environment of a run."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from synthgrad.runs.provenance import Provenance


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A git repository with one commit, as the working directory."""
    if not shutil.which("git"):
        pytest.skip("no git here")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("one")
    who = ["-c", "user.name=n", "-c", "user.email=e@example.com"]
    for words in (["init", "-q"], ["add", "file"], [*who, "commit", "-q", "-m", "one"]):
        subprocess.run(["git", *words], check=True)
    return subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()


def test_the_commit_of_the_working_directory_is_recorded(repository):
    """In full, and clean."""
    assert Provenance([]).about()["git"] == {"commit": repository, "dirty": False}


def test_changes_since_the_commit_are_recorded(repository):
    """The commit alone would not tell what ran."""
    Path("file").write_text("two")
    assert Provenance([]).about()["git"] == {"commit": repository, "dirty": True}


def test_outside_of_a_repository_there_is_no_commit(tmp_path, monkeypatch):
    """And nothing about it on stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert Provenance([]).about()["git"] is None


def test_without_git_there_is_no_commit(monkeypatch):
    """A run needs none."""
    monkeypatch.setenv("PATH", "")
    assert Provenance([]).about()["git"] is None


def test_the_environment_is_plain_data(monkeypatch):
    """They survive JSON, and name every version."""
    about = Provenance(["synthgrad", "train", "a b.yaml"]).about()
    assert json.loads(json.dumps(about)) == about
    assert about["command"] == ["synthgrad", "train", "a b.yaml"]
    assert about["python"] == ".".join(map(str, sys.version_info[:3]))
    assert re.match(r"\S+ \d", about["blas"])
