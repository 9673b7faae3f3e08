"""Patients read their pages in the language that they prefer; what is shipped for that is whole."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse

from tests.factories import scheduling as make
from tests.factories.scheduling import NOW
from tests.portal.test_portal import at, token_for


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def place(db: None) -> SimpleNamespace:
    return make.a_small_clinic()


CODES = ("es", "de", "fr")
ROOT = Path(settings.BASE_DIR)
FIELD = re.compile(r"%\((\w+)\)s")


def words(code: str) -> dict[str, str]:
    """The catalogue as it is edited."""
    text = (ROOT / "locale" / code / "LC_MESSAGES" / "django.po").read_text()
    pairs = re.findall(r'^msgid (".*")\nmsgstr (".*")$', text, re.MULTILINE)
    return {ast.literal_eval(ours): ast.literal_eval(theirs) for ours, theirs in pairs if ours != '""'}


def used() -> set[str]:
    """Every text that is marked for patients, in templates and in code."""
    found: set[str] = set()
    for path in (ROOT / "templates" / "portal").glob("*.html"):
        found |= set(re.findall(r'(?:translate |_\()"([^"]+)"', path.read_text()))
        for inside in re.findall(r"{% blocktranslate[^%]*%}(.*?){% endblocktranslate %}", path.read_text()):
            found.add(re.sub(r"{{ (\w+) }}", r"%(\1)s", inside))
    sources = [*(ROOT / "portal").glob("*.py"), ROOT / "treatments/spasms.py", ROOT / "treatments/models/spasms.py"]
    for path in sources:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
                found |= {arg.value for arg in node.args if isinstance(arg, ast.Constant)}
    return found


@pytest.mark.parametrize("code", CODES)
def test_every_word_that_patients_read_is_translated_and_what_runs_is_what_is_edited(code: str) -> None:
    edited = words(code)
    assert len(used()) > 100
    assert used() - edited.keys() == set(), "not translated"
    assert edited.keys() - used() == set(), "no longer used"
    for ours, theirs in edited.items():
        assert theirs.strip(), ours
        assert sorted(FIELD.findall(ours)) == sorted(FIELD.findall(theirs)), ours
    with (ROOT / "locale" / code / "LC_MESSAGES" / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert {ours: compiled.gettext(ours) for ours in edited} == edited, "run manage.py compilemessages"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("en", ["Ana, are you coming?", "Yes, I am coming", "Wednesday 25 November 2026"]),
        ("es", ["Ana, ¿va a venir?", "Sí, voy a ir", "miércoles 25 de noviembre de 2026"]),
        ("de", ["Ana, kommen Sie?", "Ja, ich komme", "Mittwoch, 25. November 2026"]),
        ("fr", ["Ana, venez-vous ?", "Oui, je viens", "mercredi 25 novembre 2026"]),
        ("zh", ["Ana, are you coming?", "Yes, I am coming", "Wednesday 25 November 2026"]),
    ],
)
def test_a_visit_is_shown_in_the_language_that_the_patient_prefers(
    client: Client, place: SimpleNamespace, code: str, said: list[str]
) -> None:
    page = client.get(visit_page(place, code), headers={"accept-language": "fr"}).content.decode()
    shown = code if code in (*CODES, "en") else "en"
    assert f'<html lang="{shown}">' in page
    assert [one for one in said if one not in page] == []


def visit_page(place: SimpleNamespace, code: str) -> str:
    return at(token_for(make.a_visit(place, patient=make.a_reachable_patient(language=code))))


def test_what_is_wrong_is_said_in_it_as_well_and_what_was_typed_stays(client: Client, place: SimpleNamespace) -> None:
    page = client.post(visit_page(place, "de") + "cancel/", {"reason": "x" * 201})
    assert page.status_code == 422
    assert "Bitte höchstens 200 Zeichen." in page.content.decode()
    assert "x" * 201 in page.content.decode()


@pytest.mark.parametrize(
    ("wish", "said"),
    [("de-AT,de;q=0.9", "Dieser Link funktioniert nicht mehr"), ("pl", "This link no longer works")],
)
def test_who_comes_with_a_dead_link_is_answered_as_their_browser_wishes(
    client: Client, db: None, wish: str, said: str
) -> None:
    page = client.get(reverse("portal:visit", args=["x" * 43]), headers={"accept-language": wish})
    assert page.status_code == 410
    assert said in page.content.decode()


def test_the_next_answer_of_the_same_process_is_in_english_again(client: Client, place: SimpleNamespace) -> None:
    client.get(visit_page(place, "es"))
    assert '<html lang="en' in client.get(reverse("account_login")).content.decode()
    assert "Sign in" in client.get(reverse("account_login"), headers={"accept-language": "es"}).content.decode()
