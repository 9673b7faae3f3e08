"""Rules of the house that the linters do not know. A convention nobody can break needs no reviewer."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("clinic", "patients", "treatments", "scheduling", "billing", "portal")


def sources(*rooms: str) -> Iterator[tuple[str, str]]:
    for room in rooms or ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "migrations" not in path.parts:
                yield str(path.relative_to(ROOT)), path.read_text()


def calls(text: str) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))


def dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def test_only_the_clock_module_asks_for_the_time() -> None:
    """So that time can be travelled in every test: everything else is handed `now`."""
    asking = re.compile(r"(timezone\.now|datetime\.(now|utcnow)|date\.today|time\.time)$")
    guilty = [
        f"{name}:{call.lineno}"
        for name, text in sources()
        if name != "clinic/time.py"
        for call in calls(text)
        if asking.search(dotted(call.func))
    ]
    assert guilty == []


def test_money_never_meets_a_float() -> None:
    guilty = [
        f"{name}:{call.lineno}"
        for name, text in sources("billing")
        for call in calls(text)
        if dotted(call.func) == "float" or dotted(call.func).endswith("FloatField")
    ]
    assert guilty == []


def test_no_task_is_scheduled_at_the_broker() -> None:
    """A broker runs what waits longer than its visibility timeout again and again, and forgets when it is killed."""
    banned = {"eta", "countdown"}
    guilty = [
        f"{name}:{call.lineno}"
        for name, text in sources()
        for call in calls(text)
        if banned & {keyword.arg for keyword in call.keywords}
    ]
    assert guilty == []


def test_history_triggers_are_never_switched_off() -> None:
    guilty = [name for name, text in sources() if "pgtrigger.ignore" in text or "session_replication_role" in text]
    assert guilty == []


def test_no_room_has_a_drawer_for_everything() -> None:
    vague = {"utils", "helpers", "common", "services", "misc", "base", "selectors"}
    #: Where Django looks for a database of one's own.
    called_by_django = {"clinic/database/base.py"}
    found = {name for name, _ in sources() if vague & set(Path(name).with_suffix("").parts)}
    assert found - called_by_django == set()


def test_status_is_filtered_only_where_it_is_named() -> None:
    """A set of states is spelled out once; elsewhere it is an adjective of the queryset."""
    naming = re.compile(r"(models|states|migrations|constraints)")
    guilty = [
        f"{name}:{call.lineno}"
        for name, text in sources()
        if not naming.search(name)
        for call in calls(text)
        if dotted(call.func).split(".")[-1] in {"filter", "exclude"}
        and any(
            k.arg in {"status", "status__in"} and isinstance(k.value, ast.Attribute | ast.List | ast.Tuple)
            for k in call.keywords
        )
    ]
    assert guilty == []


def test_pages_carry_no_style_or_script_of_their_own() -> None:
    """The Content-Security-Policy forbids them; a browser would drop them without a word."""
    inline = re.compile(
        r"\sstyle=|\son[a-z]+=|<style|<script(?![^>]*\b(src|nonce|type=\"application/json\"))|javascript:",
        re.IGNORECASE,
    )
    guilty = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "templates").rglob("*.html")
        if "email" not in path.parts and inline.search(path.read_text())
    ]
    assert guilty == []


def test_every_post_form_carries_its_token() -> None:
    form = re.compile(r"<form\b[^>]*method=\"post\"[^>]*>(.*?)</form>", re.IGNORECASE | re.DOTALL)
    guilty = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "templates").rglob("*.html")
        for body in form.findall(path.read_text())
        if "csrf_token" not in body
    ]
    assert guilty == []


def own_models() -> list[type[models.Model]]:
    return [m for m in apps.get_models() if m._meta.app_label in ROOMS and not hasattr(m, "pgh_tracked_model")]


@pytest.mark.parametrize("model", own_models(), ids=lambda m: m._meta.label)
def test_who_and_when_are_set_together(model: type[models.Model]) -> None:
    """`x_at` and `x_by` are both there or both not, and a constraint of the table says so.

    What always has its time may lack a member of staff: Tonus itself or a patient's link did it.
    """
    fields = {f.name: f for f in model._meta.concrete_fields}
    constraints = " ".join(str(c.deconstruct()) for c in model._meta.constraints)
    for name, field in fields.items():
        if not name.endswith("_at") or f"{name[:-3]}_by" not in fields:
            continue
        by = fields[f"{name[:-3]}_by"]
        assert by.null or not field.null, f"{by.name} is always known, {name} is not"
        if field.null:
            assert f"{name}__isnull" in constraints, f"no constraint ties {name} to {by.name}"


@pytest.mark.parametrize("model", own_models(), ids=lambda m: m._meta.label)
def test_instants_end_in_at_and_days_in_on(model: type[models.Model]) -> None:
    for field in model._meta.concrete_fields:
        if isinstance(field, models.DateTimeField):
            assert re.search(r"(_at|^at|_until|_from|_since|^last_login)$", field.name), f"{field.name} is an instant"
        elif isinstance(field, models.DateField):
            assert re.search(r"(_on|^on|_date|^day|_day|_from|_until|_to)$", field.name), f"{field.name} is a day"


def test_decisions_say_when_what_and_why() -> None:
    for path in (ROOT / "docs" / "adr").glob("*.md"):
        text = path.read_text()
        for heading in ("- Date:", "- Status:", "## Context", "## Decision", "## Consequences"):
            assert heading in text, f"{path.name} lacks {heading}"


def test_nothing_names_a_place_that_only_one_machine_has() -> None:
    """No host of a package registry and no home folder in what is kept."""
    words = re.compile(r"registry\.npmjs|files\.pythonhosted|/root/|/home/[a-z]+/")
    kept = [
        ROOT / "package-lock.json",
        *(ROOT / "docs").rglob("*.md"),
        *ROOT.glob("*.md"),
        *ROOT.glob("requirements*.txt"),
    ]
    assert [str(p.relative_to(ROOT)) for p in kept if p.exists() and words.search(p.read_text())] == []
