"""Taking a move back, for a few minutes and before anybody is told. Called as `booking.undo_move(...)`.

What is promised, and why nobody hears of a move that was taken back: docs/adr/0040-a-move-can-be-taken-back.md.
"""

from __future__ import annotations

from datetime import datetime

from clinic import messaging
from clinic.access import Actor
from clinic.models import Practitioner, User
from patients import care_team
from patients.models import CareTeamMember, Joining
from scheduling import diaries, placing, reminders
from scheduling.diaries import Places, Wish, once_more_after_deadlock
from scheduling.models import Appointment, LastMove
from scheduling.preflight import Proposal
from scheduling.turns import Turn
from scheduling.visits import BookingRefused, changed_meanwhile, check_version, locked, record, staff

_KEPT = (
    "starts_at", "ends_at", "practitioner_id", "location_id", "room_id", "device_id", "overbook_reason", "confirmed_at",
)  # fmt: skip


def former(visit: Appointment, *, by: Actor, now: datetime) -> LastMove:
    """The place that the visit is about to leave."""
    place = {name: getattr(visit, name) for name in _KEPT}
    return LastMove(appointment=visit, version_before=visit.version, moved_at=now, moved_by=staff(by), **place)


def remember(place: LastMove, moved: Appointment) -> None:
    """Keep where the visit was, instead of where it was before that."""
    place.version_after = moved.version
    fields = [*(name.removesuffix("_id") for name in _KEPT), "version_before", "version_after", "moved_at", "moved_by"]
    LastMove.objects.bulk_create([place], update_conflicts=True, unique_fields=["appointment"], update_fields=fields)


def check_can_undo(visit: Appointment, place: LastMove | None, *, now: datetime) -> LastMove:
    """The place to go back to. Raises BookingRefused when there is none, or it is too late."""
    if place is None:
        raise BookingRefused("There is no move to take back.")
    if visit.version != place.version_after or visit.changed_at != place.moved_at or not visit.can_be_moved:
        raise changed_meanwhile()
    if now >= place.moved_at + reminders.SECOND_THOUGHTS:
        raise BookingRefused("It is too late to take this move back. Move the visit again instead.")
    return place


def check_alone(visit: Appointment) -> None:
    """A place in a group moves with its session, and goes back with it."""
    if visit.session_id is not None:
        raise BookingRefused("This is a place in a group. Take the move of its session back.")


def can_undo(visit: Appointment, *, now: datetime) -> bool:
    """Whether the visit was moved a moment ago and nothing has happened to it since."""
    try:
        check_alone(visit)
        check_can_undo(visit, LastMove.objects.filter(appointment=visit).first(), now=now)
    except BookingRefused:
        return False
    return True


@once_more_after_deadlock
def undo_move(*, appointment: Appointment, by: User, now: datetime, version: int | None = None) -> Appointment:
    """Put a visit back where it was before its last move. Raises BookingRefused and changes nothing then.

    Time, people, room, device, confirmation, reminders, links and wishes of the patient are as they had been, and
    nothing about the move goes out; the version rises once more, so that pages of in between are stale.
    """
    check_alone(appointment)
    rows = LastMove.objects.select_related("practitioner__user", "location", "room", "device")
    place = check_can_undo(appointment, rows.filter(appointment=appointment).first(), now=now)
    proposal = Proposal(
        appointment.patient.survivor,
        appointment.service,
        place.practitioner,
        place.location,
        place.starts_at,
        place.ends_at,
        appointment.intervention,
        moving=appointment,
    )
    wish = Wish(proposal, room=place.room, device=place.device, squeeze=bool(place.overbook_reason))

    def write(places: list[Places], _: Turn) -> Appointment:
        return _put_back(appointment, place, places[0], by=by, now=now, version=version)

    try:
        return placing.place([wish], write, now=now)
    except messaging.AlreadyTold:
        raise BookingRefused(
            "The patient has been told of the new time already. Move the visit again instead."
        ) from None
    except BookingRefused as refusal:
        if refusal.stale:
            raise
        raise BookingRefused(f"It cannot go back. {refusal}") from None


def _put_back(
    appointment: Appointment,
    place: LastMove,
    places: Places,
    *,
    by: User,
    now: datetime,
    version: int | None,
) -> Appointment:
    visit = locked(appointment)
    check_version(visit, version)
    check_can_undo(visit, LastMove.objects.filter(appointment=visit, moved_at=place.moved_at).first(), now=now)
    diaries.give_back(visit)
    return put_back(visit, place, places, by=by, now=now)


def put_back(visit: Appointment, place: LastMove, places: Places, *, by: User, now: datetime) -> Appointment:
    """A locked visit whose time was given back, where and as it had been; nobody hears of it."""
    was, undone = visit.practitioner, visit.version
    visit.starts_at, visit.ends_at, visit.confirmed_at = place.starts_at, place.ends_at, place.confirmed_at
    visit.practitioner, visit.location = place.practitioner, place.location
    visit.room, visit.device, visit.changed_at = places.room, places.device, now
    visit.overbook_reason = place.overbook_reason if places.is_overbooked else ""
    told = place.version_before != place.version_after
    visit.version += told
    visit.save()
    diaries.claim(visit, places)
    if told:
        reminders.as_before(
            appointment=visit, version=place.version_before, undone=undone, moved_at=place.moved_at, now=now
        )
        if was != visit.practitioner:
            _leave_again(visit, was, place, by=by, now=now)
    LastMove.objects.filter(appointment=visit).delete()
    record("move_undone", visit, by=by, now=now)
    return visit


def _leave_again(visit: Appointment, who: Practitioner, place: LastMove, *, by: User, now: datetime) -> None:
    """Whoever came into the patient's care by this move alone, leaves it again."""
    joined = CareTeamMember.objects.current().for_patient(visit.patient).filter(
        practitioner=who, why=Joining.VISIT, joined_at=place.moved_at
    )  # fmt: skip
    others = Appointment.objects.for_patient(visit.patient).holding_time().filter(practitioner=who)
    if joined.exists() and not others.exists():
        care_team.leave(patient=visit.patient, practitioner=joined[0].practitioner, by=by, now=now)
