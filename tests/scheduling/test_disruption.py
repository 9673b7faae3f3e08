"""Which new places disturb least: the order of the house, and the least total that brute force finds."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.disruption import NO_PLACE, Facts, Option, Spaced, Taking, assign, cost

NINE = datetime(2026, 11, 25, 14, tzinfo=UTC)
USUAL = {
    "same_person": True, "known": True, "asked_for": False, "speaks": True, "likes_the_time": True, "same_time": True,
    "days_away": 0, "clock_shift": 0, "earlier": False,
}  # fmt: skip


def facts(**differing: object) -> Facts:
    return Facts(**(USUAL | differing))  # type: ignore[arg-type]


def test_the_order_of_the_house() -> None:
    """Same time with whom they know; with a colleague; the same soon; the same later; a stranger at another time."""
    ranking = [
        facts(same_person=False),
        facts(same_person=False, known=False),
        facts(same_time=False, clock_shift=120),
        facts(same_time=False, days_away=1),
        facts(same_time=False, days_away=2, clock_shift=60),
        facts(same_time=False, same_person=False, known=False, days_away=2, clock_shift=60),
    ]
    costs = [cost(one) for one in ranking]
    assert costs == sorted(set(costs))


@pytest.mark.parametrize(
    "worse",
    [
        {"speaks": False}, {"likes_the_time": False}, {"waste": 25}, {"known": False}, {"clock_shift": 90},
        {"days_away": 3}, {"earlier": True},
    ],
)  # fmt: skip
def test_each_disturbance_counts(worse: dict[str, object]) -> None:
    base = {"same_person": False, "same_time": False}
    assert cost(facts(**base, **worse)) > cost(facts(**base))


def test_a_colleague_who_does_not_speak_their_language_is_worse_than_waiting_two_days_for_the_same() -> None:
    assert cost(facts(same_person=False, known=False, speaks=False)) > cost(facts(same_time=False, days_away=2))


def test_whom_they_asked_for_comes_before_whom_they_know() -> None:
    assert cost(facts(same_person=False, asked_for=True)) < cost(facts(same_person=False))


def test_every_place_is_better_than_none() -> None:
    worst = facts(
        same_person=False, known=False, speaks=False, likes_the_time=False, same_time=False, days_away=900,
        clock_shift=720, earlier=True, waste=50,
    )  # fmt: skip
    assert cost(worst) < NO_PLACE


# -- Assigning -------------------------------------------------------------------------------------------


def option(price: int, *things: str, start: int = 0, minutes: int = 60, session: Spaced | None = None) -> Option:
    begin = NINE + timedelta(minutes=start)
    takes = tuple(Taking(thing, begin, begin + timedelta(minutes=minutes)) for thing in things)
    return Option(1, begin, price, takes, session)


def test_who_has_no_other_choice_gets_the_place_although_it_is_cheaper_for_another() -> None:
    first = [option(10, "cara"), option(20, "dan")]
    second = [option(15, "cara")]
    chosen = assign([first, second])
    assert chosen == [first[1], second[0]]


def test_two_visits_never_get_the_same_room_and_back_to_back_is_welcome() -> None:
    wants = [[option(1, "cara", "room 1")], [option(1, "dan", "room 1")], [option(1, "eve", "room 1", start=60)]]
    chosen = assign(wants)
    assert chosen.count(None) == 1
    assert chosen[2] is not None


def test_two_sessions_of_one_plan_keep_their_distance() -> None:
    def on(day: int, price: int) -> Option:
        return option(price, f"someone on day {day}", session=Spaced(part=7, day=day, apart=3))

    chosen = assign([[on(1, 1), on(2, 2)], [on(3, 1), on(4, 5)]])
    assert [one and one.session and one.session.day for one in chosen] == [1, 4]


def test_who_has_no_place_gets_none() -> None:
    assert assign([[], [option(5, "cara")]]) == [None, option(5, "cara")]
    assert assign([]) == []


def total(chosen: list[Option | None]) -> int:
    return sum(one.cost if one else NO_PLACE for one in chosen)


def fits(chosen: tuple[Option | None, ...]) -> bool:
    return not any(a and b and a.excludes(b) for a, b in itertools.combinations(chosen, 2))


options = st.builds(
    option,
    st.integers(0, 300),
    st.sampled_from(["cara", "dan", "eve"]),
    st.sampled_from(["room 1", "room 2"]),
    start=st.integers(0, 5).map(lambda n: n * 30),
    minutes=st.sampled_from([30, 60, 90]),
    session=st.none() | st.builds(Spaced, st.integers(1, 2), st.integers(1, 6), st.integers(0, 3)),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(options, max_size=4), max_size=5))
def test_the_total_is_the_least_that_there_is(wants: list[list[Option]]) -> None:
    chosen = assign(wants)
    assert fits(tuple(chosen))
    assert all(one is None or one in theirs for one, theirs in zip(chosen, wants, strict=True))
    brute = min(total(list(way)) for way in itertools.product(*([*theirs, None] for theirs in wants)) if fits(way))
    assert total(chosen) == brute


def test_sixty_visits_that_all_want_the_same_three_people_are_placed_in_bounded_time() -> None:
    wants = [
        [option(abs(visit * 7 - slot * 5) % 90 + slot, who, start=slot * 60) for slot in range(25) for who in "abc"]
        for visit in range(60)
    ]
    chosen = assign(wants, steps=2_000)
    assert fits(tuple(chosen))
    assert chosen.count(None) == 0
