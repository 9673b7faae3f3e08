"""The desk's pages about messages: what went out, what waits, what needs a person."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse

from clinic import handing_over, links, messaging
from clinic import time as clocks
from clinic.messaging_states import Reason, Resolution, State
from clinic.models import AuditEvent, DeskTask, OutboundMessage
from tests.factories.messages import claimed, many_messages
from tests.factories.people import a_location, a_therapist, an_owner, front_desk

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


@pytest.fixture
def now(monkeypatch):
    monkeypatch.setattr(clocks, "now", lambda: NOW)
    return NOW


@pytest.fixture
def desk(client, db, now):
    a_location()
    user = front_desk(name="Dana Desk")
    client.force_login(user)
    client.user = user
    return client


def unknown_messages(count: int) -> list[OutboundMessage]:
    """Handed over, and then the sender was lost."""
    rows = many_messages(count, now=NOW)
    for hand in claimed(count, now=NOW):
        handing_over.begin(hand, links.new_token(), now=NOW)
    messaging.sweep(now=NOW + handing_over.LEASE)
    return rows


def tasks(count: int) -> list[DeskTask]:
    return [
        DeskTask.objects.create(
            kind="move_wanted",
            patient_uid=uuid.uuid4(),
            patient_name=f"Ana Ribeiro {n}",
            subject_kind="scheduling.appointment",
            subject_uid=uuid.uuid4(),
            subject_at=NOW + timedelta(days=2),
            zone="America/New_York",
            note="Tuesdays <b>after</b> 4",
            asked_at=NOW,
        )
        for n in range(count)
    ]


def test_what_needs_a_person_comes_first_with_one_button_each(desk):
    unknown_messages(2)
    tasks(1)
    said = desk.get(reverse("office:messages")).content.decode()
    assert said.count("Told by phone") == 2
    assert "wants another time" in said
    assert "Tue" in said or "Thu" in said
    assert "&lt;b&gt;after&lt;/b&gt;" in said
    assert "It balances." in said


def test_the_empty_page_says_what_will_be_here(desk):
    said = desk.get(reverse("office:messages")).content.decode()
    assert "Nobody asked for anything" in said


def test_telling_the_patient_by_phone_settles_it(desk):
    (message,) = unknown_messages(1)
    answer = desk.post(reverse("office:message_resolve", args=[message.uid]), {"how": "called"})
    assert answer.status_code == 303
    message.refresh_from_db()
    assert (message.resolution, message.resolved_by, message.resolved_at) == (Resolution.CALLED, desk.user, NOW)
    assert message.state == State.UNKNOWN
    assert AuditEvent.objects.filter(action="message.resolved", subject_uid=message.uid).exists()
    assert "Told by phone" not in desk.get(reverse("office:messages")).content.decode()


def test_sending_once_more_needs_a_reason_and_is_a_message_of_its_own(desk):
    (message,) = unknown_messages(1)
    url = reverse("office:message_send", args=[message.uid])
    refused = desk.post(url, {"note": ""})
    assert refused.status_code == 422
    assert "Say why" in refused.content.decode()
    assert OutboundMessage.objects.count() == 1
    assert desk.post(url, {"note": "Ana says nothing came"}).status_code == 303
    again = OutboundMessage.objects.exclude(pk=message.pk).get()
    assert (again.state, again.to_address, again.subject_uid) == (
        State.PLANNED,
        message.to_address,
        message.subject_uid,
    )
    message.refresh_from_db()
    assert (message.resolution, message.resolution_note) == (Resolution.SENT_ANYWAY, "Ana says nothing came")


def test_of_two_people_settling_the_same_message_the_second_is_told(desk):
    (message,) = unknown_messages(1)
    desk.post(reverse("office:message_resolve", args=[message.uid]), {"how": "called"})
    for name, data in (("office:message_resolve", {"how": "left"}), ("office:message_send", {"note": "again"})):
        second = desk.post(reverse(name, args=[message.uid]), data)
        assert second.status_code == 422
        assert "dealt with this message already" in second.content.decode()
    assert OutboundMessage.objects.count() == 1


def test_what_is_too_late_to_send_is_not_offered_again(desk, monkeypatch):
    (message,) = unknown_messages(1)
    Session.objects.update(expire_date=message.too_late_at + timedelta(hours=1))
    monkeypatch.setattr(clocks, "now", lambda: message.too_late_at)
    answer = desk.post(reverse("office:message_send", args=[message.uid]), {"note": "why not"})
    assert answer.status_code == 422
    assert "too late" in answer.content.decode()


def test_what_nobody_needs_to_settle_cannot_be_settled(desk):
    (message,) = many_messages(1, now=NOW)
    answer = desk.post(reverse("office:message_resolve", args=[message.uid]), {"how": "called"})
    assert answer.status_code == 422
    assert "no longer needs anyone" in answer.content.decode()


@pytest.mark.parametrize("note", ["x" * 501, "a\x00b"])
def test_impossible_notes_get_a_sentence_and_change_nothing(desk, note):
    (message,) = unknown_messages(1)
    for name in ("office:message_resolve", "office:message_send"):
        assert desk.post(reverse(name, args=[message.uid]), {"how": "called", "note": note}).status_code == 422
    message.refresh_from_db()
    assert message.resolved_at is None


def test_a_task_is_seen_to_once(desk):
    (task,) = tasks(1)
    url = reverse("office:desk_task_done", args=[task.uid])
    desk.post(url, {"note": "moved to Friday"})
    desk.post(url, {"note": "something else"})
    task.refresh_from_db()
    assert (task.done_by, task.outcome) == (desk.user, "moved to Friday")
    assert "moved to Friday" in desk.get(reverse("office:messages_done")).content.decode()


def test_the_log_is_filtered_by_state_patient_and_visit(desk):
    one, other = many_messages(2, now=NOW)
    messaging.void_for(subject_uid=one.subject_uid, reason=Reason.CANCELLED, now=NOW)
    url = reverse("office:messages_log")

    def rows(**query) -> set[str]:
        return {str(row.uid) for section in desk.get(url, query).context["sections"] for row in section.rows}

    assert rows() == {str(one.uid), str(other.uid)}
    assert rows(show="not_sent") == {str(one.uid)}
    assert rows(show="waiting") == rows(patient=other.patient_uid) == rows(visit=other.subject_uid) == {str(other.uid)}
    assert rows(show="nonsense", patient="not-a-uid", before="x") == rows()


@pytest.mark.parametrize(("days", "show"), [(-2, "all"), (2, "waiting")])
def test_a_long_log_is_read_page_by_page_without_losing_a_row(desk, days, show):
    many_messages(120, now=NOW)
    OutboundMessage.objects.update(due_at=NOW + timedelta(days=days), too_late_at=NOW + timedelta(days=3))
    url, seen, before = reverse("office:messages_log"), [], ""
    for _ in range(3):
        (section,) = desk.get(url, {"show": show, "before": before}).context["sections"]
        seen += [row.pk for row in section.rows]
        before = str(section.after or "")
    assert len(seen) == len(set(seen)) == 120
    assert before == ""


def test_the_log_begins_with_what_needs_a_person_then_what_just_happened_then_what_comes_next(desk):
    (needing,) = unknown_messages(1)
    old, new, soon, late = many_messages(4, now=NOW)
    for row, hours in ((old, -48), (new, -1), (soon, 1), (late, 48)):
        OutboundMessage.objects.filter(pk=row.pk).update(
            due_at=NOW + timedelta(hours=hours), too_late_at=NOW + timedelta(hours=72)
        )
    sections = desk.get(reverse("office:messages_log")).context["sections"]
    assert [section.title for section in sections] == [
        "Needs a person", "Just now and before", "To come, the next first"
    ]  # fmt: skip
    assert [row.pk for section in sections for row in section.rows] == [
        each.pk for each in (needing, new, old, soon, late)
    ]


def test_of_many_to_come_the_log_shows_the_next_and_leads_to_the_list_of_what_waits(desk):
    many_messages(30, now=NOW, due_at=NOW + timedelta(hours=1))
    (section,) = desk.get(reverse("office:messages_log")).context["sections"]
    assert (len(section.rows), section.list) == (20, "waiting")
    assert "?show=waiting" in desk.get(reverse("office:messages_log")).content.decode()


def test_the_words_of_a_message_are_shown_without_a_working_link(desk):
    (message,) = many_messages(1, now=NOW)
    said = desk.get(reverse("office:message", args=[message.uid])).content.decode()
    assert "{link}" in said
    assert "/v/" not in said


@pytest.mark.parametrize("name", ["office:messages", "office:messages_log", "office:messages_done"])
@pytest.mark.parametrize("rows", [1, 4])
def test_a_list_costs_the_same_however_full_it_is(desk, name, rows, django_assert_num_queries):
    unknown_messages(rows)
    made = tasks(rows)
    if name == "office:messages_done":
        DeskTask.objects.filter(pk__in=[task.pk for task in made]).update(done_at=NOW, done_by=desk.user)
    expected = {"office:messages": 14, "office:messages_log": 15, "office:messages_done": 10}[name]
    with django_assert_num_queries(expected):
        desk.get(reverse(name))


def test_the_owner_may_see_messages_and_a_therapist_may_not(client, db, now):
    a_location()
    (message,) = unknown_messages(1)
    for user, allowed in ((an_owner(), True), (a_therapist(), False)):
        client.force_login(user)
        for name, args in (("office:messages", []), ("office:messages_log", []), ("office:message", [message.uid])):
            answer = client.get(reverse(name, args=args))
            assert (answer.status_code == 200) is allowed
            assert (message.to_name in answer.content.decode()) is allowed
