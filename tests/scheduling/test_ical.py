"""What goes into a calendar, byte by byte: folding, escaping, instants, and the tag that says whether it changed."""

from __future__ import annotations

import uuid
import zoneinfo
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from clinic import time as clocks
from scheduling import ical
from scheduling.ical import Entry

AT = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
PLAIN = Entry("one@tonus", "Busy", AT, AT + timedelta(hours=1), changed_at=AT)

#: Anything that somebody could type or a program could send, lone surrogates and controls included.
hostile = st.one_of(
    st.text(max_size=120),
    st.text(alphabet="\r\n\t\x00\x0b\x0c\x85\u2028\u2029\\;,:\"'^ABEGINVEND", max_size=60),
    st.sampled_from(["BEGIN:VEVENT\r\nUID:x", "a\nEND:VCALENDAR", "\\n;,\\", "👩‍⚕️" * 40, "é" * 200, "\ud800", " ", ""]),
)


def lines_of(written: bytes) -> list[bytes]:
    assert written.endswith(b"\r\n")
    return written.removesuffix(b"\r\n").split(b"\r\n")


def unfolded(written: bytes) -> list[str]:
    return written.replace(b"\r\n ", b"").decode().removesuffix("\r\n").split("\r\n")


def only_event(written: bytes):
    (event,) = Calendar.from_ical(written).walk("VEVENT")
    return event


# -- Bytes -----------------------------------------------------------------------------------------------


@given(hostile, hostile, hostile)
def test_whatever_is_in_a_text_it_stays_a_text(name, summary, place):
    written = ical.feed(name, [replace(PLAIN, summary=summary, place=place), replace(PLAIN, uid="two@tonus")])
    for line in lines_of(written):
        assert len(line) <= 75, "folded at 75 octets"
        assert b"\r" not in line
        assert b"\n" not in line
        assert not any(octet < 32 or octet == 127 for octet in line), "no control character"
    whole = unfolded(written)
    assert [line for line in whole if line.startswith(("BEGIN:", "END:"))] == [
        "BEGIN:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "BEGIN:VEVENT", "END:VEVENT", "END:VCALENDAR",
    ]  # fmt: skip
    first, second = Calendar.from_ical(written).walk("VEVENT")
    assert (first["UID"], second["UID"]) == ("one@tonus", "two@tonus")
    assert str(first["SUMMARY"]) == ical.one_line(summary)
    assert str(first.get("LOCATION", "")) == ical.one_line(place)


@given(hostile)
def test_an_organizer_may_be_called_anything(name):
    written = ical.kept([PLAIN], organizer="clinic@tonus.example", organizer_name=name)
    assert only_event(written)["ORGANIZER"] == "mailto:clinic@tonus.example"
    assert all(len(line) <= 75 for line in lines_of(written))
    assert sum(line.startswith("BEGIN:VEVENT") for line in unfolded(written)) == 1


def test_a_long_line_is_folded_between_characters_and_not_within_one():
    written = ical.feed("Calendar", [replace(PLAIN, summary="é" * 100)])
    for line in lines_of(written):
        line.decode()  # each line by itself is UTF-8
    assert b"\r\n \xc3\xa9" in written


def test_commas_semicolons_and_backslashes_are_escaped():
    written = ical.feed("Calendar", [replace(PLAIN, summary="a;b,c\\d")])
    assert b"SUMMARY:a\\;b\\,c\\\\d\r\n" in written


def test_a_feed_says_who_made_it_what_it_is_called_and_how_often_to_come():
    whole = unfolded(ical.feed("Mine, at home", [PLAIN]))
    for line in (
        "VERSION:2.0", "PRODID:-//Tonus//Calendar//EN", "CALSCALE:GREGORIAN", "METHOD:PUBLISH",
        "NAME:Mine\\, at home", "X-WR-CALNAME:Mine\\, at home", "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
    ):  # fmt: skip
        assert line in whole


def test_an_entry_has_all_that_a_program_needs_to_know_it_again():
    whole = unfolded(ical.feed("Calendar", [replace(PLAIN, sequence=4, place="Room 2")]))
    for line in (
        "UID:one@tonus", "SEQUENCE:4", "DTSTAMP:20261124T140000Z", "LAST-MODIFIED:20261124T140000Z",
        "DTSTART:20261124T140000Z", "DTEND:20261124T150000Z", "SUMMARY:Busy", "LOCATION:Room 2", "STATUS:CONFIRMED",
        "TRANSP:OPAQUE", "CLASS:PRIVATE",
    ):  # fmt: skip
        assert whole.count(line) == 1


def test_what_is_called_off_says_so_in_every_way_and_takes_no_time():
    whole = unfolded(ical.feed("Calendar", [replace(PLAIN, cancelled=True)]))
    assert {"STATUS:CANCELLED", "SUMMARY:Cancelled: Busy", "TRANSP:TRANSPARENT"} <= set(whole)


def test_whole_days_are_days_in_whatever_zone_they_are_read():
    whole = unfolded(ical.feed("Calendar", [replace(PLAIN, start=date(2026, 12, 25), end=date(2026, 12, 27))]))
    assert {"DTSTART;VALUE=DATE:20261225", "DTEND;VALUE=DATE:20261227"} <= set(whole)


def test_a_single_entry_is_published_and_asks_nobody_for_an_answer():
    whole = unfolded(ical.kept([PLAIN], organizer="clinic@tonus.example", organizer_name="The place"))
    assert "METHOD:PUBLISH" in whole
    assert not any(line.startswith("ATTENDEE") for line in whole)
    gone = unfolded(
        ical.kept([replace(PLAIN, cancelled=True)], organizer="clinic@tonus.example", organizer_name="The place")
    )
    assert "METHOD:CANCEL" in gone


def test_several_entries_go_in_one_file_and_what_is_called_off_says_so_itself():
    """CANCEL may speak of one UID only."""
    some = [replace(PLAIN, cancelled=True), replace(PLAIN, uid="two@tonus", cancelled=True)]
    whole = unfolded(ical.kept(some, organizer="clinic@tonus.example", organizer_name="The place"))
    assert "METHOD:PUBLISH" in whole
    assert whole.count("STATUS:CANCELLED") == 2
    assert sum(line.startswith("ORGANIZER") and "The place" in line for line in whole) == 2


# -- Nine o'clock stays nine o'clock ---------------------------------------------------------------------


def transitions() -> list[tuple[str, datetime]]:
    """Every change of every zone in two years: the instant at which the offset becomes another."""
    found = []
    for name in sorted(zoneinfo.available_timezones()):
        tz, hour = ZoneInfo(name), timedelta(hours=1)
        day, last = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
        while day < last:
            after = day + timedelta(days=7)
            if day.astimezone(tz).utcoffset() != after.astimezone(tz).utcoffset():
                at = day
                while at.astimezone(tz).utcoffset() == (at + hour).astimezone(tz).utcoffset():
                    at += hour
                found.append((name, at + hour))
            day = after
    return found


def test_nine_on_the_wall_is_nine_on_the_wall_around_every_change_of_every_zone():
    changes = transitions()
    assert len(changes) > 400
    entries = []
    for name, at in changes:
        tz = ZoneInfo(name)
        for days in (-1, 0, 1):
            day = clocks.local_day(at, tz) + timedelta(days=days)
            start = clocks.at_wall(day, time(9), tz)
            entries.append((name, day, Entry(str(len(entries)), "Busy", start, start + timedelta(hours=1), AT)))
    read = Calendar.from_ical(ical.feed("Calendar", [entry for _, _, entry in entries])).walk("VEVENT")
    assert len(read) == len(entries)
    for (name, day, _), event in zip(entries, read, strict=True):
        wall = event["DTSTART"].dt.astimezone(ZoneInfo(name))
        assert (wall.date(), wall.time()) == (day, time(9)), name
        assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(hours=1)


@pytest.mark.parametrize("fold", [0, 1])
def test_an_hour_that_comes_twice_is_written_as_the_one_that_is_meant(fold):
    start = clocks.at_wall(date(2026, 11, 1), time(1, 30), ZoneInfo("America/New_York"), fold=fold)
    event = only_event(ical.feed("Calendar", [replace(PLAIN, start=start, end=start + timedelta(hours=1))]))
    assert event["DTSTART"].dt == datetime(2026, 11, 1, 5 + fold, 30, tzinfo=UTC)


# -- Versions and tags -----------------------------------------------------------------------------------


@given(st.integers(1, 5_000))
def test_the_sequence_rises_with_each_version_and_with_being_called_off_in_between(version):
    booked, off = ical.sequence_of(version, cancelled=False), ical.sequence_of(version, cancelled=True)
    assert booked < off < ical.sequence_of(version + 1, cancelled=False)


def test_the_uid_is_the_records_own_and_knows_no_host():
    record = uuid.UUID("7d3c4c7e-28a3-4fd5-9a53-0b1f3f6f0b55")
    assert ical.uid_of(record) == "7d3c4c7e-28a3-4fd5-9a53-0b1f3f6f0b55@tonus"


moments = st.integers(0, 500_000).map(lambda minutes: AT + timedelta(minutes=minutes))
entries = st.builds(
    Entry,
    uid=st.sampled_from(["a@tonus", "b@tonus"]),
    summary=st.sampled_from(["Busy", "A.R.", "A;R"]),
    start=moments,
    end=moments,
    changed_at=moments,
    sequence=st.integers(0, 3),
    cancelled=st.booleans(),
    place=st.sampled_from(["", "Room 1"]),
)


@given(st.sampled_from(["One", "Two"]), st.lists(entries, max_size=3), st.sampled_from(["One", "Two"]), st.data())
def test_the_tag_differs_exactly_when_the_calendar_does(name, some, other_name, data):
    others = data.draw(st.one_of(st.just(list(some)), st.lists(entries, max_size=3)))
    same = ical.feed(name, some) == ical.feed(other_name, others)
    assert (ical.entity_tag(name, tuple(some)) == ical.entity_tag(other_name, tuple(others))) is same
