"""The configs and the files of claims that come with the project."""

from __future__ import annotations

from pathlib import Path

CONFIGS = Path(__file__).parents[2] / "configs"
CLAIMS = sorted(CONFIGS.rglob("*claims.yaml"))
SHIPPED = sorted({*CONFIGS.rglob("*.yaml")} - {*CLAIMS})
WHOLE = [path for path in SHIPPED if "name: idx" not in path.read_text()]
"""Those that need no file which does not come with the project."""
