"""A demo clinic that really runs, and a browser."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.factories.up import OPEN, Up, alive
from tests.journeys.people import a_browser


@pytest.fixture(scope="package")
def clinic() -> Iterator[Up]:
    """Opened before the first page, shared by all ways through it, and closed by Ctrl-C: nothing is left running."""
    with tempfile.TemporaryDirectory(prefix="tonus-journey-") as name:
        Path(name).chmod(0o755)
        running = Up(Path(name) / "var", TONUS_DEMO="1", TONUS_DEMO_PATIENTS="12", TONUS_WEB_WORKERS="1")
        try:
            running.wait_for(OPEN, seconds=420)  # a minute by itself; many tests share the machine
            assert running.get("/alive/") == "ok\n"
            yield running
            programs = running.children()
            assert len(programs) > 6
            assert running.stop() == 0
            assert alive(programs) == []
        finally:
            if running.process.poll() is None:
                running.stop()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One for all ways through the clinic."""
    with a_browser() as chromium:
        yield chromium
