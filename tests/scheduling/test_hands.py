"""A visit that is dropped in the diary: moved, refused with other times, taken back; and who may."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from clinic.models import Role
from scheduling import booking
from scheduling.forms.booking import Pick
from scheduling.models import Appointment
from tests.factories import people
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def drop(client: Client, visit: Appointment, pick: Pick | str, **typed: Any) -> Any:
    url = reverse("scheduling:drop", args=[visit.uid])
    return client.post(url, {"pick": str(pick), "version": visit.version, **typed}, headers=HTMX)


def undo(client: Client, visit: Appointment, **typed: Any) -> Any:
    return client.post(reverse("scheduling:undo_move", args=[visit.uid]), typed, headers=HTMX)


def text(response: Any) -> str:
    return str(response.content.decode())


def test_a_dropped_visit_is_moved_and_can_be_taken_back_at_once(place: Any, desk: Client) -> None:
    visit, other = make.a_visit(place, local(25, 10)), place.practitioners[1]
    answer = drop(desk, visit, Pick(other.uid, local(25, 13, 15)), minutes=45)
    page = text(answer)
    visit.refresh_from_db()
    assert answer.status_code == 200
    assert (visit.starts_at, visit.minutes, visit.practitioner) == (local(25, 13, 15), 45, other)
    assert "13:15 to 14:00" in page
    assert f"with {other.user.name}" in page
    assert "Undo" in page
    assert json.loads(answer.headers["HX-Trigger"])["diary:changed"] == {"visit": str(visit.uid), "kind": "moved"}
    back = undo(desk, visit, version=visit.version)
    visit.refresh_from_db()
    assert back.status_code == 200
    assert "Nobody was told" in text(back)
    assert (visit.starts_at, visit.minutes, visit.practitioner) == (local(25, 10), 60, place.practitioner)


def test_a_visit_dropped_into_another_room_is_there(place: Any, desk: Client) -> None:
    visit = make.a_visit(place, local(25, 10))
    room = next(one for one in place.rooms if one != visit.room)
    assert drop(desk, visit, Pick(place.practitioner.uid, local(25, 10)), room=room.uid, minutes=60).status_code == 200
    visit.refresh_from_db()
    assert visit.room == room


def test_where_somebody_is_busy_the_visit_stays_and_three_times_are_offered_as_buttons(
    place: Any, desk: Client
) -> None:
    visit = make.a_visit(place, local(25, 10))
    make.a_visit(place, local(25, 14))
    answer = drop(desk, visit, Pick(place.practitioner.uid, local(25, 14, 30)), minutes=60)
    page = text(answer)
    assert answer.status_code == 409
    assert "is busy until 15:00" in page
    picks = re.findall(r'"pick": "([^"]+)"', page)
    assert len(picks) == 3
    visit.refresh_from_db()
    assert (visit.starts_at, visit.version) == (local(25, 10), 1)
    assert drop(desk, visit, picks[0], minutes=60).status_code == 200  # what is offered can be had


def test_a_warning_is_read_before_it_is_overruled(place: Any, desk: Client) -> None:
    visit = make.a_visit(place, local(25, 10))
    answer = drop(desk, visit, Pick(place.practitioner.uid, local(25, 17, 30)), minutes=60)
    page = text(answer)
    assert answer.status_code == 409
    assert "Move all the same" in page
    anyway = re.search(r'"pick": "([^"]+!BOOK-11,BOOK-12)"', page)
    assert anyway
    assert drop(desk, visit, anyway[1], minutes=60).status_code == 200


def on_top(page: str) -> str | None:
    found = re.search(r'name="squeeze" value="([^"]+)"', page)
    return found[1] if found else None


def test_where_somebody_is_busy_the_desk_may_squeeze_the_visit_in_on_top_with_a_reason(
    place: Any, desk: Client
) -> None:
    visit = make.a_visit(place, local(25, 10))
    make.a_visit(place, local(25, 14))
    pick = on_top(text(drop(desk, visit, Pick(place.practitioner.uid, local(25, 14, 30)), minutes=60)))
    assert pick
    silent = drop(desk, visit, "", squeeze=pick, overbook=" ", minutes=60)
    assert silent.status_code == 422
    assert "Say why this visit is put on top" in text(silent)
    assert on_top(text(silent)) == pick  # and it can be said at once
    done = drop(desk, visit, "", squeeze=pick, overbook="in pain", minutes=60)
    assert done.status_code == 200
    visit.refresh_from_db()
    assert (visit.starts_at, visit.overbook_reason) == (local(25, 14, 30), "in pain")
    assert undo(desk, visit).status_code == 200
    visit.refresh_from_db()
    assert (visit.starts_at, visit.overbook_reason) == (local(25, 10), "")


def test_on_top_of_two_nobody_is_squeezed_in(place: Any, desk: Client) -> None:
    visit = make.a_visit(place, local(25, 10))
    make.a_visit(place, local(25, 14))
    make.a_visit(place, local(25, 14), overbook="in pain")
    refused = text(drop(desk, visit, "", squeeze=str(Pick(place.practitioner.uid, local(25, 14))), overbook="too"))
    assert "is busy until 15:00" in refused
    assert on_top(refused) is None


def test_the_page_for_moving_offers_it_too(place: Any, desk: Client) -> None:
    visit = make.a_visit(place, local(25, 10))
    make.a_visit(place, local(25, 14))
    url = reverse("scheduling:move", args=[visit.uid])
    pick = on_top(text(desk.post(url, {"pick": str(Pick(place.practitioner.uid, local(25, 14))), "version": 1})))
    assert pick
    assert desk.post(url, {"squeeze": pick, "overbook": "", "version": 1}).status_code == 422
    assert desk.post(url, {"squeeze": pick, "overbook": "in pain", "version": 1}).status_code == 303
    visit.refresh_from_db()
    assert (visit.starts_at, visit.overbook_reason) == (local(25, 14), "in pain")


def test_who_may_not_overbook_is_neither_shown_how_nor_allowed(place: Any, therapist: Client) -> None:
    visit = make.a_visit(place, local(25, 10))
    make.a_visit(place, local(25, 14))
    pick = Pick(place.practitioner.uid, local(25, 14))
    assert on_top(text(drop(therapist, visit, pick, minutes=60))) is None
    forced = drop(therapist, visit, "", squeeze=str(pick), overbook="in pain", minutes=60)
    assert forced.status_code == 409
    assert "You may not overbook" in text(forced)
    visit.refresh_from_db()
    assert visit.starts_at == local(25, 10)


def test_a_visit_that_somebody_moved_meanwhile_is_not_moved_again(place: Any, desk: Client) -> None:
    visit = make.a_visit(place, local(25, 10))
    drop(desk, visit, Pick(place.practitioner.uid, local(25, 13)), minutes=60)
    stale = drop(desk, visit, Pick(place.practitioner.uid, local(25, 15)), minutes=60)
    assert stale.status_code == 409
    assert "changed this visit" in text(stale)
    visit.refresh_from_db()
    assert visit.starts_at == local(25, 13)


@pytest.mark.parametrize("pick", ["", "nonsense", "x@2026-11-25T10:00Z", "@"])
@pytest.mark.parametrize("minutes", ["60", "0", "9999", "soon"])
def test_what_no_page_sends_is_refused_in_words(place: Any, desk: Client, pick: str, minutes: str) -> None:
    visit = make.a_visit(place, local(25, 10))
    answer = drop(desk, visit, pick, minutes=minutes)
    assert answer.status_code == 422
    assert "stays where" in text(answer)


def test_too_late_to_take_back_is_said_civilly(place: Any, desk: Client, standing_clock: Any) -> None:
    visit = make.a_visit(place, local(25, 10))
    drop(desk, visit, Pick(place.practitioner.uid, local(25, 13)), minutes=60)
    page = text(desk.get(reverse("scheduling:visit", args=[visit.uid])))
    assert "Undo the move" in page
    standing_clock.move_to(NOW + timedelta(minutes=3))
    assert "Undo the move" not in text(desk.get(reverse("scheduling:visit", args=[visit.uid])))
    answer = undo(desk, visit)
    assert answer.status_code == 409
    assert "too late" in text(answer)


def test_the_button_on_the_visits_page_works_without_a_script(place: Any, desk: Client) -> None:
    visit = make.a_visit(place, local(25, 10))
    drop(desk, visit, Pick(place.practitioner.uid, local(25, 13)), minutes=60)
    answer = desk.post(reverse("scheduling:undo_move", args=[visit.uid]))
    assert (answer.status_code, answer.headers["Location"]) == (303, reverse("scheduling:visit", args=[visit.uid]))
    visit.refresh_from_db()
    assert visit.starts_at == local(25, 10)


def test_who_may_not_book_neither_moves_nor_takes_back_nor_has_anything_to_drag(place: Any, sign_in: Any) -> None:
    visit = make.a_visit(place, local(25, 10))
    owner = sign_in(people.staff(Role.OWNER, password=None))
    assert drop(owner, visit, Pick(place.practitioner.uid, local(25, 13))).status_code == 403
    assert undo(owner, visit).status_code == 403
    page = text(owner.get(reverse("scheduling:diary", query={"day": "2026-11-25"})))
    assert visit.patient.display_name in page
    assert "data-drop" not in page
    assert "diary-move.js" not in page


def test_a_visit_under_way_has_nothing_to_drag(place: Any, desk: Client) -> None:
    visit = make.a_visit(place, local(24, 9))
    with time_machine.travel(local(24, 9), tick=False):
        booking.start(appointment=visit, by=place.desk, now=local(24, 9))
        page = text(desk.get(reverse("scheduling:diary")))
        assert f"/visit/{visit.uid}/drop/" not in page
        answer = drop(desk, visit, Pick(place.practitioner.uid, local(24, 13)), minutes=60)
    assert answer.status_code == 409
    assert "no longer be moved" in text(answer)
