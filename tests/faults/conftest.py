"""Tests with real transactions may empty their tables."""

from tests.factories import flushing  # noqa: F401 -- installs itself
