"""A demo clinic that really runs, and a browser."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.factories.up import OPEN, Up, alive
from tests.journeys.people import CHROMIUM, FLAGS


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    # Playwright runs its own loop in this thread, which Django would take for asynchronous code.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        yield chromium
        chromium.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
