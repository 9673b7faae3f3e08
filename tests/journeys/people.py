"""People before a screen: each has a browser of their own, and looks at every page with the eyes of axe as well."""

from __future__ import annotations

import itertools
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Response, expect, sync_playwright

from clinic.demo.sign_ins import PASSWORD
from tests.factories.up import wait_until

CHROMIUM = Path(shutil.which("chromium") or "/usr/bin/chromium")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
#: The marks of every test before a screen. Where CI is set nothing is skipped: without a browser it fails.
IN_A_BROWSER = (
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists() and not os.environ.get("CI"), reason="needs Debian's chromium"),
)
AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"
#: Where pictures of the pages go, for whoever wants to see them.
PICTURES = os.environ.get("TONUS_SCREENSHOTS", "")
_number = itertools.count(1)

DESK, TABLET, PHONE = (1440, 900), (1024, 768), (390, 844)
#: What shows that a part of the page is still on its way.
UNFINISHED = ".htmx-request, .htmx-swapping, .htmx-settling, .panel-slot"
SETTLED = "unfinished => !document.querySelector(unfinished) && !document.getAnimations().length"
#: What no page may have.
GRAVE = {"serious", "critical"}


@contextmanager
def a_browser() -> Iterator[Browser]:
    """Chromium without a head. Playwright runs its own loop in this thread, which Django would take for async code."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as play:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        chromium = play.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        yield chromium
        chromium.close()


class Person:
    """One person's browser. What goes wrong behind their back is remembered and held against the clinic."""

    def __init__(self, browser: Browser, address: str, *, screen: tuple[int, int], zone: str) -> None:
        self.screen = screen
        self.complaints: list[str] = []
        width, height = screen
        self.context = browser.new_context(
            base_url=address,
            viewport={"width": width, "height": height},
            has_touch=screen != DESK,
            is_mobile=screen == PHONE,
            timezone_id=zone,
            reduced_motion="reduce",
        )
        self.context.set_default_timeout(30_000)
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("console", self._heard)
        self.page.on("response", self._answered)

    def _heard(self, said: Any) -> None:
        if "Content Security" in said.text:
            self.complaints.append(said.text)

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.status} {response.url}")

    def sign_in(self, email: str, password: str = PASSWORD) -> None:
        page = self.page
        page.goto("/account/login/")
        page.fill("[name=login]", email)
        page.fill("[name=password]", password)
        page.click("main form button[type=submit]")
        page.wait_for_url(lambda url: "/account/login/" not in url)

    def sees(self, *words: str | re.Pattern[str], within: str = "main") -> None:
        for one in words:
            expect(self.page.locator(within).first).to_contain_text(one)

    def types(self, label: str, words: str, *, within: str = "main", exact: bool = True) -> None:
        self.page.locator(within).get_by_label(field(label) if exact else label).first.fill(words)

    def chooses(self, label: str, choice: str, *, within: str = "main") -> None:
        self.page.locator(within).get_by_label(field(label)).first.select_option(label=choice)

    def picks(self, choice: Locator, words: str) -> None:
        """The option of a list that begins so."""
        choice.select_option(choice.get_by_role("option", name=words).first.get_attribute("value"))

    def taps(self, box: Locator) -> None:
        """A box or a choice that is drawn as a button: the button is its label."""
        self.page.locator(f"label[for='{box.get_attribute('id')}']").click()
        expect(box).to_be_checked()

    def presses(self, name: str | re.Pattern[str], *, within: str = "main") -> None:
        self.page.locator(within).get_by_role("button", name=name).first.click()

    def follows(self, name: str | re.Pattern[str], *, within: str = "main") -> None:
        self.page.locator(within).get_by_role("link", name=name).first.click()

    def downloads(self, path: str) -> bytes:
        """A file of the clinic, fetched as the browser would with the person's own sign-in."""
        answer = self.context.request.get(path)
        assert answer.status == 200, f"{answer.status} {path}"
        return answer.body()

    def looks(self, name: str) -> None:
        """Nothing grave on the page for anybody, nothing wider than the screen; a picture for who wants one."""
        page = self.page
        page.wait_for_load_state()
        wait_until(lambda: page.evaluate(SETTLED, UNFINISHED), seconds=20)
        if PICTURES:
            page.evaluate("window.scrollTo(0, 0)")
            page.screenshot(path=Path(PICTURES) / f"{next(_number):02d}-{name}.png", full_page=True)
        page.evaluate(AXE.read_text() + "; undefined")
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        grave = [
            f"{one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes'][:4]]}"
            for one in found
            if one["impact"] in GRAVE
        ]
        assert not grave, f"{name} ({page.url}): {grave}"
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, f"{name} ({page.url}) is {wider} px wider than the screen"
        assert not self.complaints, f"{name}: {self.complaints}"


def field(label: str) -> re.Pattern[str]:
    """A field by its label, whether or not a star marks it as needed."""
    return re.compile(rf"^\s*{re.escape(label)}\s*\*?\s*$")
