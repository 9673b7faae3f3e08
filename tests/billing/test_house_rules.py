"""Rules of this room that no type checker knows."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models

FILES = [
    *sorted(file for file in Path(settings.BASE_DIR, "billing").rglob("*.py") if "migrations" not in file.parts),
    Path(settings.BASE_DIR, "clinic", "money.py"),
]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(settings.BASE_DIR)))
def test_money_is_never_a_float(file: Path) -> None:
    """No FloatField, no float(…), no number with a point in the code: floats lose cents."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Name) and node.id in {"float", "FloatField"}:
            assert file.name == "money.py", f"{file}:{node.lineno}"
        assert not (isinstance(node, ast.Attribute) and node.attr == "FloatField"), f"{file}:{node.lineno}"
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), f"{file}:{node.lineno}"


def test_no_column_of_billing_is_a_float() -> None:
    for model in apps.get_app_config("billing").get_models():
        for field in model._meta.get_fields():
            assert not isinstance(field, models.FloatField), f"{model}.{field.name}"


def test_every_amount_has_two_decimals() -> None:
    for model in apps.get_app_config("billing").get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, models.DecimalField):
                assert field.decimal_places == 2, f"{model}.{field.name}"


def test_billing_writes_no_clock_of_its_own() -> None:
    for file in FILES:
        text = file.read_text()
        if file.name != "tasks.py":
            assert "time.now()" not in text, file
        assert "auto_now" not in text, file
