"""Days as people type them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients import dates
from patients.dates import NotADay, RoughDay


@pytest.mark.parametrize(
    "typed",
    ["1984-03-07", "03/07/1984", "3/7/1984", "03-07-1984", "3.7.1984", "7 Mar 1984", "7 March 1984", "Mar 7, 1984",
     "march 7 1984", "7th Mar 1984", "03071984", "19840307"],
)  # fmt: skip
def test_the_seventh_of_march_is_read_however_it_is_written(typed: str) -> None:
    assert dates.parse(typed) == RoughDay(date(1984, 3, 7), "day")


def test_where_the_day_comes_first_the_same_figures_are_july() -> None:
    assert dates.parse("03/07/1984", month_first=False).on == date(1984, 7, 3)


def test_a_day_that_can_only_be_read_one_way_is_read_that_way() -> None:
    assert dates.parse("25/12/1990").on == date(1990, 12, 25)


@pytest.mark.parametrize(
    ("typed", "on", "precision", "shown"),
    [
        ("2019", date(2019, 1, 1), "year", "2019"),
        ("about 2019", date(2019, 1, 1), "year", "2019"),
        ("March 2019", date(2019, 3, 1), "month", "Mar 2019"),
        ("2019-03", date(2019, 3, 1), "month", "Mar 2019"),
        ("", None, "unknown", ""),
    ],
)
def test_a_rough_day_says_how_much_is_known(typed: str, on: date | None, precision: str, shown: str) -> None:
    rough = dates.parse(typed)
    assert (rough.on, rough.precision, str(rough)) == (on, precision, shown)


@pytest.mark.parametrize("typed", ["31 Feb 2019", "yesterday", "13/13/2019", "03/07", "03/07/84", "1066", "99999999"])
def test_what_is_no_day_is_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(NotADay, match=r"\.$"):
        dates.parse(typed)


@given(st.dates(date(1880, 1, 1), date(2100, 1, 1)))
def test_what_is_shown_is_read_back_as_the_same_day(day: date) -> None:
    assert dates.parse(str(RoughDay(day, "day"))).on == day


@given(st.text(max_size=40))
def test_any_text_is_a_day_or_refused_but_never_an_accident(typed: str) -> None:
    found = dates.parse_day(typed)
    assert found is None or isinstance(found, date)
