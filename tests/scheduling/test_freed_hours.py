"""Hours that are new, and days that are open after all, are offered to who waits: as far ahead as makes sense."""

from __future__ import annotations

from datetime import date, time, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from clinic.models import Practitioner
from scheduling import freed, resources
from scheduling.intervals import Interval
from scheduling.models import Absence, Closure, ExtraHours, FreedTime, OpeningHours, WorkingHours
from tests.factories import people
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local
from tests.factories.waitlist import SOON, an_entry, later, pending, round_of_work

pytestmark = pytest.mark.django_db
WEEKS = freed.AHEAD // timedelta(weeks=1)
NINE_TO_FIVE = [(day, time(9), time(17)) for day in range(7)]
TUESDAY = date(2026, 11, 24)


@pytest.fixture
def place(standing_clock: object, place: SimpleNamespace) -> SimpleNamespace:
    """What the factories wrote is looked at and gone."""
    FreedTime.objects.all().delete()
    return place


def works(place: Any, stretches: Any, *, since: date = TUESDAY, who: Practitioner | None = None) -> None:
    whose = {"location": place.location, "practitioner": who or place.practitioner}
    resources.set_week(WorkingHours, whose, stretches, valid_from=since, by=place.desk, now=NOW)


def opens(place: Any, stretches: Any, *, since: date = TUESDAY) -> None:
    resources.set_week(OpeningHours, {"location": place.location}, stretches, valid_from=since, by=place.desk, now=NOW)


def noticed(**which: Any) -> list[Interval]:
    rows = FreedTime.objects.filter(**which).order_by("starts_at")
    return [Interval(row.starts_at, row.ends_at) for row in rows]


def a_closure(place: Any, first: date, last: date | None = None, name: str = "Painters") -> Closure:
    closure = Closure(location=place.location, name=name, starts_on=first, ends_on=last or first)
    resources.add_hours(closure, by=place.desk, now=NOW)
    return closure


# -- Weekly hours ----------------------------------------------------------------------------------------


def test_what_somebody_works_more_than_before_becomes_free_for_eight_weeks(place: Any) -> None:
    works(place, [(day, time(9), time(18 if day == 3 else 17)) for day in range(7)])
    thursdays = [date(2026, 11, 26) + timedelta(weeks=n) for n in range(WEEKS)]
    assert noticed() == [
        Interval(local(day.day, 17, month=day.month, year=day.year), local(day.day, 18, month=day.month, year=day.year))
        for day in thursdays
    ]


def test_hours_that_are_saved_again_or_shortened_make_nothing_free(place: Any) -> None:
    works(place, NINE_TO_FIVE)
    works(place, [(day, time(10), time(16)) for day in range(6)])
    opens(place, [(day, time(8), time(18)) for day in range(7)])
    opens(place, [(day, time(9), time(17)) for day in range(6)])
    assert noticed() == []


def test_a_break_that_is_worked_through_and_an_earlier_start_are_two_times(place: Any) -> None:
    works(place, [(2, time(9), time(12)), (2, time(13), time(17))])
    FreedTime.objects.all().delete()
    works(place, [(2, time(8), time(17))])
    assert noticed()[:2] == [Interval(local(25, 8), local(25, 9)), Interval(local(25, 12), local(25, 13))]
    assert len(noticed()) == 2 * WEEKS


def test_hours_until_midnight_end_with_the_day_and_wall_time_survives_the_clock_change(place: Any) -> None:
    works(place, [*NINE_TO_FIVE, (6, time(22), time(0))], since=date(2027, 3, 7))
    assert noticed()[:2] == [
        Interval(local(7, 22, month=3, year=2027), local(8, 0, month=3, year=2027)),
        Interval(local(14, 22, month=3, year=2027), local(15, 0, month=3, year=2027)),
    ]
    first, second = noticed()[:2]
    assert second.start - first.start == timedelta(days=7, hours=-1)


def test_hours_that_no_clock_shows_one_night_are_saved_all_the_same(place: Any) -> None:
    works(place, [(6, time(2, 30), time(3, 10))], since=date(2027, 3, 14))
    assert len(noticed()) == WEEKS - 1


def test_a_rule_with_a_last_day_is_followed_no_further(place: Any) -> None:
    WorkingHours.objects.create(
        practitioner=place.practitioner, location=place.location, weekday=0, opens=time(18), closes=time(20),
        valid_from=TUESDAY, valid_to=date(2026, 12, 7),
    )  # fmt: skip
    assert [part.start for part in noticed()] == [local(30, 18), local(7, 18, month=12)]


def test_new_weekly_hours_are_offered_to_who_waits(place: Any) -> None:
    late = an_entry(place, practitioners=(place.practitioner,), earliest=time(17), weekdays=(3,))
    opens(place, [(day, time(8), time(20)) for day in range(7)])
    works(place, [(day, time(9), time(19 if day == 3 else 17)) for day in range(7)])
    assert freed.run(now=SOON - timedelta(seconds=1)).offered == 0, "it can still be mended"
    assert freed.run(now=later(minutes=10)).offered == 1
    (offer,) = pending()
    assert (offer.entry, offer.starts_at) == (late, local(26, 17))


def test_what_was_free_all_along_is_not_offered_because_the_hours_were_saved(place: Any) -> None:
    an_entry(place)
    works(place, NINE_TO_FIVE)
    assert round_of_work().offered == 0


def test_who_has_no_hours_yet_is_free_in_all_of_the_first_ones(place: Any) -> None:
    newcomer = make.a_practitioner()
    works(place, [(2, time(9), time(12))], who=newcomer)
    assert noticed(practitioner=newcomer)[0] == Interval(local(25, 9), local(25, 12))
    entry = an_entry(place, practitioners=(newcomer,))
    round_of_work()
    assert [(offer.entry, offer.starts_at) for offer in pending()] == [(entry, local(25, 9))]


def test_hours_of_another_location_are_another_time(place: Any) -> None:
    elsewhere = people.a_location(name="Lakeside", zone="America/Chicago")
    whose = {"location": elsewhere, "practitioner": place.practitioner}
    resources.set_week(WorkingHours, whose, [(2, time(9), time(12))], valid_from=TUESDAY, by=place.desk, now=NOW)
    assert noticed(location=elsewhere)[0] == Interval(local(25, 10), local(25, 13)), "an hour behind New York"
    assert noticed(location=place.location) == []


def test_who_joins_later_is_asked_about_new_hours_but_only_where_they_suit(place: Any) -> None:
    opens(place, [(day, time(8), time(20)) for day in range(7)])
    works(place, [(day, time(9), time(19)) for day in range(7)])
    round_of_work()
    assert FreedTime.objects.known(SOON).count() == 7 * WEEKS
    entry = an_entry(place, practitioners=(place.practitioner,), earliest=time(17), weekdays=(3,), now=SOON)
    assert FreedTime.objects.due(SOON).count() == WEEKS, "Thursdays"
    done = freed.run(now=SOON)
    assert (done.offered, [offer.entry for offer in pending()]) == (1, [entry])
    assert FreedTime.objects.due(SOON).count() == 0, "what is left is remembered, and not looked at for nobody"


def test_a_visit_that_reaches_into_time_that_was_free_before_suits_as_well(place: Any) -> None:
    works(place, [(day, time(9), time(17, 30)) for day in range(7)])
    round_of_work()
    an_entry(place, practitioners=(place.practitioner,), earliest=time(16), weekdays=(2,), now=SOON)
    freed.run(now=SOON)
    assert [offer.starts_at for offer in pending()] == [local(25, 16, 30)]


# -- Opening hours ---------------------------------------------------------------------------------------


def test_a_location_that_opens_longer_frees_what_somebody_works_then(place: Any) -> None:
    early, usual = place.practitioners
    opens(place, [(day, time(10), time(18)) for day in range(7)])
    works(place, [(day, time(8), time(17)) for day in range(7)], who=early)
    FreedTime.objects.all().delete()
    opens(place, [(day, time(7), time(19)) for day in range(7)])
    assert noticed(practitioner=early)[:2] == [
        Interval(local(24, 8), local(24, 10)), Interval(local(25, 8), local(25, 10)),
    ]  # fmt: skip
    assert noticed(practitioner=usual)[0] == Interval(local(24, 9), local(24, 10))
    assert FreedTime.objects.count() == 2 * 7 * WEEKS, "a row for a stretch, none for each quarter of an hour"


def test_a_location_that_opens_when_nobody_works_frees_nothing(place: Any) -> None:
    opens(place, [(day, time(6), time(20)) for day in range(7)])
    assert noticed() == []


def test_a_longer_evening_of_the_location_is_offered_to_who_waits(place: Any) -> None:
    opens(place, [(day, time(8), time(15)) for day in range(7)])
    FreedTime.objects.all().delete()
    an_entry(place, practitioners=(place.practitioner,), earliest=time(15))
    opens(place, [(day, time(8), time(18)) for day in range(7)])
    assert round_of_work().offered == 1
    assert [offer.starts_at for offer in pending()] == [local(24, 15)]


# -- Closures and absences -------------------------------------------------------------------------------


def test_a_closure_that_is_taken_back_is_offered_to_who_waits(place: Any) -> None:
    closure = a_closure(place, date(2026, 11, 27), date(2026, 11, 29))
    entries = [an_entry(place, practitioners=(one,), weekdays=(5,)) for one in place.practitioners]
    assert round_of_work().offered == 0
    resources.end_hours(closure, by=place.desk, now=NOW)
    assert round_of_work().offered == 2
    assert [(offer.entry, offer.starts_at) for offer in pending()] == [(one, local(28, 9)) for one in entries]


def test_a_closure_of_a_place_where_nobody_works_frees_nothing(place: Any) -> None:
    WorkingHours.objects.update(valid_to=date(2026, 11, 20))
    resources.end_hours(a_closure(place, date(2026, 11, 27)), by=place.desk, now=NOW)
    assert noticed() == []


def test_a_closure_and_an_absence_that_become_shorter_free_their_days(place: Any) -> None:
    closure = a_closure(place, date(2026, 11, 27), date(2026, 11, 29))
    Closure.objects.filter(pk=closure.pk).update(ends_on=F("starts_on"))
    away, _ = resources.add_absence(
        practitioner=place.practitioner, kind="holiday", starts_at=local(30, 0), ends_at=local(3, 0, month=12),
        by=place.desk, now=NOW,
    )  # fmt: skip
    Absence.objects.filter(pk=away.pk).update(ends_at=local(2, 0, month=12))
    entries = [
        an_entry(place, practitioners=(place.practitioner,), first_on=day, last_on=day)
        for day in (date(2026, 11, 27), date(2026, 11, 28), date(2026, 12, 1), date(2026, 12, 2))
    ]
    round_of_work()
    found = {offer.entry_id: offer.starts_at for offer in pending()}
    assert [found.get(entry.pk) for entry in entries] == [
        None, local(28, 9), None, local(2, 9, month=12),
    ]  # fmt: skip


def test_a_public_holiday_of_next_year_is_looked_at_when_it_comes_near(place: Any) -> None:
    day = date(2027, 7, 5)
    closure = a_closure(place, day, name="Independence Day")
    entry = an_entry(place, practitioners=(place.practitioner,))
    resources.end_hours(closure, by=place.desk, now=NOW)
    assert round_of_work().offered == 0
    near = local(5, 0, month=7, year=2027) - freed.AHEAD
    assert freed.run(now=near - timedelta(minutes=1)).offered == 0
    assert freed.run(now=near + timedelta(hours=9)).offered == 1
    assert [(offer.entry, offer.starts_at) for offer in pending()] == [(entry, local(5, 9, month=7, year=2027))]


def test_two_years_away_taken_back_are_shared_out_week_by_week(place: Any) -> None:
    until = local(24, 0, year=2028)
    away, _ = resources.add_absence(
        practitioner=place.practitioner, kind="other", starts_at=local(1, 0), ends_at=until, by=place.desk, now=NOW
    )
    resources.end_absence(away, by=place.desk, now=NOW)
    round_of_work()
    rows = FreedTime.objects.order_by("starts_at")
    assert 7 * WEEKS <= rows.count() <= 7 * WEEKS + 2
    assert rows.first().ends_at > NOW, "what is over is over"
    rest = rows.last()
    assert (rest.ends_at, rest.is_due) == (until, True)
    assert rest.starts_at - NOW < freed.AHEAD + timedelta(days=1)
    freed.run(now=later(weeks=1, minutes=10))
    assert rows.count() <= 7 * WEEKS + 2
    assert rows.last().starts_at - rest.starts_at == timedelta(weeks=1)


def test_extra_hours_are_offered_to_who_waits(place: Any) -> None:
    entry = an_entry(place, practitioners=(place.practitioner,), earliest=time(18))
    extra = ExtraHours(
        practitioner=place.practitioner, location=place.location, starts_at=local(28, 18), ends_at=local(28, 20),
        recorded_at=NOW,
    )  # fmt: skip
    resources.add_hours(extra, by=place.desk, now=NOW)
    round_of_work()
    assert [(offer.entry, offer.starts_at) for offer in pending()] == [(entry, local(28, 18))]


# -- What it costs, and what must not be ------------------------------------------------------------------


@pytest.mark.parametrize("stretches", [1, 14])
def test_a_week_of_hours_costs_the_same_however_many_stretches_it_has(place: Any, stretches: int) -> None:
    week = [(day, *part) for day in range(7) for part in ((time(7), time(12)), (time(13), time(18)))][:stretches]
    with CaptureQueriesContext(connection) as asked:
        works(place, week)
    assert len(asked) <= 11


def test_hours_that_are_refused_make_nothing_free(place: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        works(place, [(2, time(18), time(17))])
    assert noticed() == []
