"""Fields drawn by hand are what Django's templates would have written, to the letter."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates, get_default_renderer
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic import widgets
from clinic.forms import DateInput, TimeInput
from clinic.widgets import Renderer

BY_HAND, BY_TEMPLATE = Renderer(), DjangoTemplates()
CHOICES = [
    ("", "None"),
    ("<a>", "Salt & \"pepper\" for 'two'"),
    ("Group <1>", [(1, "One"), (2, 2.5), (3, mark_safe("<b>kept</b>"))]),
    (1234567, gettext_lazy("Lazy")),
    ("day", date(2026, 11, 24)),
]
PLAIN = [
    forms.TextInput, forms.NumberInput, forms.EmailInput, forms.URLInput, forms.PasswordInput, forms.HiddenInput,
    forms.DateInput, forms.DateTimeInput, forms.TimeInput, forms.Textarea, forms.CheckboxInput, DateInput, TimeInput,
]  # fmt: skip
LISTS = [forms.Select, forms.SelectMultiple, forms.RadioSelect, forms.CheckboxSelectMultiple]

words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
attributes = st.dictionaries(words, st.one_of(words, st.booleans(), st.integers(), st.none()), max_size=4)
values = st.one_of(words, st.none(), st.integers(), st.dates(), st.booleans(), words.map(mark_safe))


def drawn(widget: forms.Widget, value: Any, attrs: dict[str, Any], name: str = "field") -> tuple[str, str]:
    by_hand, by_template = (widget.render(name, value, attrs, renderer) for renderer in (BY_HAND, BY_TEMPLATE))
    assert hasattr(by_hand, "__html__")
    return by_hand, by_template


@pytest.mark.parametrize("kind", PLAIN)
@settings(deadline=None, max_examples=25)
@given(name=words, value=values, attrs=attributes)
def test_a_plain_field_is_drawn_to_the_letter(kind: type[forms.Widget], name: str, value: Any, attrs: dict[str, Any]):
    by_hand, by_template = drawn(kind(), value, attrs, name)
    assert by_hand == by_template


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("value", [None, "", "<a>", 1, "2", 1234567, True, ["1", "<a>"]])
def test_a_list_with_its_groups_is_drawn_to_the_letter(kind: type[forms.Select], value: Any):
    by_hand, by_template = drawn(kind(choices=CHOICES), value, {"id": "of-it", "required": True, "hidden": False})
    assert by_hand == by_template


def test_options_of_another_make_are_left_to_their_template():
    class Striped(forms.Select):
        option_template_name = "django/forms/widgets/radio_option.html"

    by_hand, by_template = drawn(Striped(choices=CHOICES), "<a>", {})
    assert by_hand == by_template
    assert 'type="select"' in by_hand


def test_the_house_draws_by_hand(monkeypatch: pytest.MonkeyPatch):
    assert isinstance(get_default_renderer(), Renderer)
    monkeypatch.setattr(Renderer, "get_template", lambda *_: pytest.fail("a template was asked for"))
    assert 'value="1" selected' in str(forms.Select(choices=[(1, "One")]).render("n", 1))
    assert set(widgets._BY_HAND) >= {"django/forms/widgets/text.html", "django/forms/widgets/select.html"}
