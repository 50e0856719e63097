"""A key that is a whole number or ``auto``."""

from __future__ import annotations

import pytest
from conftest import tiny

from synthgrad.errors import ConfigError

KEY = "training.checkpoint_every"


@pytest.mark.parametrize(("value", "read"), [("auto", "auto"), (0, 0), (50, 50), (1e3, 1000)])
def test_auto_and_whole_numbers_are_taken(value, read):
    """As a person means them."""
    assert tiny({KEY: value}).training.checkpoint_every == read


def test_auto_is_the_default():
    """Nobody need know of it to have it."""
    assert tiny().training.checkpoint_every == "auto"


@pytest.mark.parametrize("value", ["aut", -1, 2.5, True, [1], None], ids=str)
def test_anything_else_is_refused_with_what_is_allowed(value):
    """One message."""
    with pytest.raises(ConfigError, match="expected auto, or a whole number of at least 0, got "):
        tiny({KEY: value})
