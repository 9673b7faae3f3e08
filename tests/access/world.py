"""A clinic with two patients in different hands, every text of theirs a canary of its field class."""

from __future__ import annotations

import io
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from types import SimpleNamespace

from django.db import transaction
from PIL import Image

from billing.models import Charge
from clinic import links, messaging
from clinic.links import Purpose
from clinic.messaging import Draft, Recipient, Subject
from clinic.messaging_states import Channel, MessagePurpose
from clinic.models import DeskTask, InboundText, Location, Meaning, Practitioner, Role, User
from patients import care_team, documents, merging
from patients.models import (
    Allergy,
    AllergyStatus,
    BreakGlass,
    Condition,
    Coverage,
    EmergencyContact,
    Identifier,
    Injury,
    Joining,
    Medication,
    Patient,
    Surgery,
)
from scheduling import feeds, groups, offers, waitlist
from scheduling.models import (
    Absence,
    Appointment,
    CalendarFeed,
    Closure,
    Device,
    ExtraHours,
    Room,
    Series,
    Service,
    Shows,
)
from scheduling.waitlist import Wish
from tests.access.machinery import Actor, Side
from tests.factories import billing as bills
from tests.factories import outcomes, people
from tests.factories import scheduling as diary
from tests.factories import treatments as care
from tests.factories.series import a_plan, a_rule, a_series, left_out
from treatments import cosigning, letters, notes, plans, snippets
from treatments.models import Snippet, Supervision

#: Tuesday, ten in the morning in New York.
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


@dataclass
class World:
    """Everyone and everything that the matrix needs."""

    a: Side
    b: Side
    owner: User
    desk: User
    hers: User
    stranger: User
    gone: User
    place: Location
    service: Service
    room: Room
    device: Device
    closure: Closure
    absence: Absence
    extra_hours: ExtraHours
    own_calendar: CalendarFeed
    rooms_calendar: CalendarFeed
    snippet: Snippet
    supervision: Supervision

    def actors(self) -> list[Actor]:
        """All who may knock, from the street to the owner."""
        mine = frozenset({self.a.patient_uid})
        return [
            Actor("anonymous"),
            Actor("link of A", link_of="A"),
            Actor("link of B", link_of="B"),
            Actor("expired link of A", link_of="A", link_works=False),
            Actor("calendar of A", secret_of="A"),
            Actor("revoked calendar of A", secret_of="A", secret_works=False),
            Actor("front desk", self.desk),
            Actor("therapist of A", self.hers, cares_for=mine),
            Actor("therapist of neither", self.stranger),
            Actor("owner", self.owner),
            Actor("deactivated", self.gone),
        ]


ACTORS = (
    "anonymous", "link of A", "link of B", "expired link of A", "calendar of A", "revoked calendar of A",
    "front desk", "therapist of A", "therapist of neither", "owner", "deactivated",
)  # fmt: skip


def build() -> World:
    """The world at NOW."""
    owner, desk = people.an_owner(), people.front_desk()
    clinic = diary.a_small_clinic(practitioners=3)
    hers, other, third = clinic.practitioners
    gone = people.staff(Role.OWNER, Role.ADMIN, Role.THERAPIST)
    User.objects.filter(pk=gone.pk).update(is_active=False, deactivated_at=NOW)
    gone.refresh_from_db()
    User.objects.update(password=owner.password)
    for user in (owner, desk, hers.user, third.user):
        user.refresh_from_db()
    bills.a_price(clinic.service, by=owner)
    a, b = (_side(label, clinic, treats) for label, treats in (("A", hers), ("B", other)))
    closure = Closure.objects.create(
        location=clinic.location, name="Holiday", starts_on=date(2026, 12, 25), ends_on=date(2026, 12, 25)
    )
    absence = Absence.objects.create(
        practitioner=third,
        starts_at=NOW + timedelta(days=30),
        ends_at=NOW + timedelta(days=31),
        recorded_at=NOW,
        recorded_by=desk,
    )
    extra_hours = ExtraHours.objects.create(
        practitioner=third,
        location=clinic.location,
        starts_at=NOW + timedelta(days=20),
        ends_at=NOW + timedelta(days=20, hours=2),
        recorded_at=NOW,
        recorded_by=desk,
    )
    snippet = snippets.write(short="walk", text="Walks upright.", author=hers, for_all=True, by=hers.user, now=NOW)
    supervision = cosigning.agree(practitioner=third, cosigner=hers, by=owner, now=NOW)
    own_calendar = CalendarFeed.objects.working().filter(practitioner=hers).get()
    rooms_calendar, _ = feeds.create(
        subject=clinic.rooms[0], label="Door", shows=Shows.BUSY, uid=uuid.uuid4(), by=desk, now=NOW
    )
    return World(
        a, b, owner, desk, hers.user, third.user, gone, clinic.location, clinic.service, clinic.rooms[0],
        diary.a_device(clinic.location), closure, absence, extra_hours, own_calendar, rooms_calendar,
        snippet, supervision,
    )  # fmt: skip


def _side(label: str, clinic: SimpleNamespace, treats: Practitioner) -> Side:
    patient = _patient(side := Side(label, uuid.uuid4()))
    side.patient_uid = patient.uid
    side.objects |= {"patient": patient, "practitioner": treats}
    care_team.join(patient=patient, practitioner=treats, why=Joining.ASSIGNED, by=clinic.desk, now=NOW)
    side.objects["glass"] = BreakGlass.objects.create(
        patient=patient,
        opened_by=people.a_therapist(),
        reason=side.word("identity"),
        opened_at=NOW - timedelta(days=2),
        expires_at=NOW - timedelta(days=2) + care_team.OPEN_FOR,
    )
    _history(side, patient)
    _duplicate(side, patient, clinic.desk)
    _document(side, patient, clinic.desk)
    _treatment(side, patient, treats, clinic.desk)
    _visits(side, patient, treats, clinic)
    _books(side, patient, clinic)
    _messages(side, patient)
    return side


def _patient(side: Side) -> Patient:
    who = side.word
    patient = Patient.objects.create(
        uid=side.patient_uid,
        given_name=who("identity"),
        family_name=who("identity"),
        born_on=date(1980, 5, 17),
        phone=f"+1212555{7000 + ord(side.label):04}",
        email=f"{who('identity')}@patients.example",
        address_line=who("identity"),
        city=who("identity"),
        preferred_channel="email",
        allergy_status=AllergyStatus.LISTED,
        registered_at=NOW,
    )
    made = {"patient": patient, "recorded_at": NOW}
    side.objects["emergency"] = EmergencyContact.objects.create(name=who("identity"), phone="+12125550199", **made)
    side.objects["identifier"] = Identifier.objects.create(kind="passport", value=who("identity"), **made)
    side.objects["coverage"] = Coverage.objects.create(payer_name=who("identity"), member_id=who("identity"), **made)
    return patient


def _duplicate(side: Side, patient: Patient, desk: User) -> None:
    """A second record of the same person, found out and merged."""
    twin = Patient.objects.create(
        given_name=side.word("identity"), family_name=side.word("identity"), born_on=patient.born_on, registered_at=NOW
    )
    merging.merge(duplicate=twin, survivor=patient, reason="The same person", by=desk, now=NOW)
    side.objects["duplicate"] = twin


def _history(side: Side, patient: Patient) -> None:
    made, what = {"patient": patient, "recorded_at": NOW}, side.word
    side.objects["injury"] = Injury.objects.create(
        cause="lifting", mechanism=what("history"), body_part=what("history"), **made
    )
    side.objects["condition"] = Condition.objects.create(name=what("history"), caution=what("history"), **made)
    side.objects["surgery"] = Surgery.objects.create(
        name=what("history"), implant=what("history"), done_on=date(2010, 3, 1), done_precision="day", **made
    )
    side.objects["allergy"] = Allergy.objects.create(substance=what("history"), reaction=what("history"), **made)
    side.objects["medication"] = Medication.objects.create(
        name=what("history"), dose_as_ordered=what("history"), prescriber=what("history"), **made
    )


class _Upload(io.BytesIO):
    @property
    def size(self) -> int:
        return len(self.getvalue())


def _document(side: Side, patient: Patient, desk: User) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(picture, "PNG")
    side.objects["document"] = documents.file(
        patient=patient, upload=_Upload(picture.getvalue()), title=side.word("document"), by=desk, now=NOW
    )


def _treatment(side: Side, patient: Patient, treats: Practitioner, desk: User) -> None:
    says = side.word
    episode = care.an_episode(patient, by=desk, title=says("referral"), mechanism=says("referral"))
    side.objects["episode"] = episode
    side.objects["diagnosis"] = episode.diagnoses.get()
    side.objects["referral"] = care.a_referral(episode, provider_name=says("referral"), asks_for=says("referral"))
    proposal = {
        "summary": says("plan"),
        "massages": (care.a_massage("gentle", instructions=says("plan")),),
        "goals": (plans.GoalPart(measure="other", wording=says("plan")),),
    }
    side.objects["plan"] = care.a_plan(episode, author=treats, accepted=True, **proposal)
    other = care.an_episode(patient, by=desk, title=says("referral"))
    side.objects["proposed_plan"] = care.a_plan(other, author=treats, accepted=False, summary=says("plan"))
    side.objects["open_episode"] = other
    _home(side, patient, treats, desk)


def _home(side: Side, patient: Patient, treats: Practitioner, desk: User) -> None:
    """Exercises that the patient ticks by link, and a letter that is being written."""
    episode = care.an_episode(patient, by=desk, title=side.word("referral"))
    plan = care.a_plan(episode, author=treats, massages=(), exercises=care.some_exercises())
    side.objects["home_plan"] = plan
    side.links["home"] = links.issue(
        purpose=Purpose.HOME, subject_uid=episode.uid, expires_at=NOW + timedelta(days=1), now=NOW
    )
    letter = letters.start(episode, kind="progress_report", author=treats, by=treats.user, now=NOW, today=care.TODAY)
    words = {part: side.word("clinical") for part in letters.PARTS}
    side.objects["letter"] = letters.save(letter, by=treats.user, now=NOW, **words)


def _visits(side: Side, patient: Patient, treats: Practitioner, clinic: SimpleNamespace) -> None:
    visit = diary.a_visit(
        clinic, diary.local(25, 10 if side.label == "A" else 13), patient=patient, practitioner=treats, now=NOW
    )
    Appointment.objects.filter(pk=visit.pk).update(note=side.word("diary"))
    visit.refresh_from_db()
    side.objects["visit"] = visit
    school = diary.a_service(f"Back school {side.label}", seats=4)
    session = groups.open_session(
        service=school, practitioner=treats, location=clinic.location, by=clinic.desk, now=NOW,
        starts_at=diary.local(26, 10 if side.label == "A" else 13),
    )  # fmt: skip
    groups.join(session=session, patient=patient, by=clinic.desk, now=NOW)
    side.objects["session"] = session
    side.objects["series"] = _series(side, clinic, patient, treats)
    for works in (True, False):
        issued = NOW if works else NOW - timedelta(days=2)
        token = links.issue(
            purpose=Purpose.VISIT,
            subject_uid=visit.uid,
            subject_version=visit.version,
            expires_at=issued + timedelta(days=1, hours=1 if works else 0),
            now=issued,
        )
        side.links["visit" if works else "expired"] = token
    letter, until = uuid.uuid4(), NOW + timedelta(days=1)
    side.links["visits"] = links.issue(
        purpose=Purpose.VISITS, subject_uid=letter, message_uid=letter, expires_at=until, now=NOW
    )
    links.issue(
        purpose=Purpose.VISIT, subject_uid=visit.uid, subject_version=visit.version, message_uid=letter,
        expires_at=until, now=NOW, token=links.token_within(side.links["visits"], visit.uid),
    )  # fmt: skip
    user = people.front_desk()
    side.links["password"] = links.issue(
        purpose=Purpose.PASSWORD, subject_uid=user.uid, expires_at=NOW + timedelta(days=1), now=NOW
    )
    _calendars(side, treats)
    _waitlist(side, patient, treats, clinic)
    _notes(side, treats)
    _outcomes(side, patient, treats)


def _outcomes(side: Side, patient: Patient, treats: Practitioner) -> None:
    """A score in the patient's own words, questions that wait, a diary with a spasm in it, and a link to each."""
    by, now = treats.user, NOW
    named = [[side.word("clinical"), n] for n in (2, 3, 4)]
    side.objects["measurement"] = outcomes.a_measurement(
        patient, "psfs", {"activities": named}, by=by, now=now, taken_at=now
    )
    request = outcomes.some_questions(patient, "nprs", by=by, now=now)
    kept = outcomes.a_diary(patient, by=by)
    side.links["measures"] = outcomes.token_for(request, now=now)
    side.links["spasm_diary"] = outcomes.token_for(kept, now=now)
    entry = outcomes.a_spasm(outcomes.link_for(kept, now=now), at=now)
    side.objects |= {"measure_request": request, "spasm_diary": kept, "spasm_entry": entry}


def _series(side: Side, clinic: SimpleNamespace, patient: Patient, treats: Practitioner) -> Series:
    """Two Tuesdays are booked; a third waits to be placed."""
    plan = a_plan(
        clinic, a_rule(count=3), patient=patient, practitioner=treats, wall=time(9 if side.label == "A" else 14)
    )
    made = a_series(clinic, plan=plan, wanted=left_out(plan.wanted(), 3))
    made.to_place = made.days[2:]
    made.save(update_fields=["to_place"])
    return made


def _calendars(side: Side, treats: Practitioner) -> None:
    """What the practitioner reads on a phone: initials, as far as a feed goes by default; and one that was revoked."""
    for name in ("calendar", "revoked"):
        feed, side.links[name] = feeds.create(
            subject=treats, label=name, shows=Shows.INITIALS, uid=uuid.uuid4(), by=treats.user, now=NOW
        )
    feeds.revoke(feed, by=treats.user, now=NOW)


def _waitlist(side: Side, patient: Patient, treats: Practitioner, clinic: SimpleNamespace) -> None:
    """Waits for an hour, and has one to answer."""
    entry = waitlist.put_on(
        patient=patient, service=clinic.service, wish=Wish(note=side.word("diary")), by=clinic.desk, now=NOW
    )
    starts_at = diary.local(27, 10 if side.label == "A" else 13)
    offer = offers.make_by_hand(
        entry=entry, practitioner=treats, location=clinic.location, starts_at=starts_at, by=clinic.desk, now=NOW
    )
    side.objects |= {"entry": entry, "offer": offer}
    side.links["waitlist"] = links.issue(purpose=Purpose.WAITLIST, subject_uid=offer.uid, expires_at=starts_at, now=NOW)


def _notes(side: Side, treats: Practitioner) -> None:
    says = side.word
    plan = side.objects["plan"]
    for key in ("note", "draft", "private_note"):
        note = care.a_note(plan, author=treats, service_at=NOW - timedelta(days=0 if key == "draft" else 1, hours=2))
        words = {part: says("clinical") for part in ("subjective", "objective", "assessment", "next_steps", "response")}
        content = notes.Content(
            privacy="private" if key == "private_note" else "clinicians",
            pain_before=6,
            pain_after=3,
            techniques=(notes.Applied("gentle", "low_back_left", 30, 3),),
            **words,
        )
        note = notes.save_draft(note, content=content, revision=note.revision, by=treats.user, now=NOW)
        if key != "draft":
            note = notes.sign(note, revision=note.revision, by=treats.user, now=NOW)
        if key == "note":
            side.objects["addendum"] = notes.amend(
                note, text=says("clinical"), reason=says("clinical"), by=treats.user, now=NOW
            )
        side.objects[key] = note


def _books(side: Side, patient: Patient, clinic: SimpleNamespace) -> None:
    says, desk = side.word, clinic.desk
    facts = {"location": clinic.location, "by": desk, "now": NOW}
    side.objects["invoice"] = bills.an_invoice(patient, "80.00", description=says("billing"), **facts)
    open_charge = bills.a_charge(patient, "40.00", description=says("billing"), **facts)
    side.objects["charge"] = open_charge
    drafted = bills.a_charge(patient, "20.00", description=says("billing"), **facts)
    from billing import invoices

    side.objects["draft_invoice"] = invoices.draft(patient=patient, charges=[drafted.pk], by=desk, now=NOW)
    side.objects["payment"] = bills.a_payment(patient, "30.00", reference=says("billing"), **facts)
    assert Charge.objects.filter(patient=patient).count() == 3
    assert open_charge.unit_price == Decimal("40.00")


def _messages(side: Side, patient: Patient) -> None:
    visit = side.objects["visit"]
    draft = Draft(
        purpose=MessagePurpose.VISIT_REMINDER,
        occasion="matrix",
        about=Subject("scheduling.appointment", visit.uid, visit.version),
        to=Recipient(Channel.EMAIL, patient.full_name, patient.email, patient_uid=patient.uid),
        title="Your visit",
        text=f"Hello {patient.given_name}, {{link}}",
        due_at=NOW + timedelta(hours=1),
        too_late_at=NOW + timedelta(hours=20),
        link_purpose=Purpose.VISIT,
        link_expires_at=NOW + timedelta(days=1),
    )
    with transaction.atomic():
        side.objects["message"] = messaging.enqueue(draft, now=NOW)[0]
    side.objects["text"] = InboundText.objects.create(
        provider_id=f"SM {side.label}",
        from_number=patient.phone,
        text=side.word("diary"),
        meaning=Meaning.WORDS,
        received_at=NOW - timedelta(hours=1),
        patient_uids=[patient.uid],
        handled_at=NOW,
    )
    side.objects["task"] = DeskTask.objects.create(
        kind=DeskTask.Kind.MOVE_WANTED,
        patient_uid=patient.uid,
        patient_name=patient.full_name,
        subject_kind="scheduling.appointment",
        subject_uid=visit.uid,
        subject_at=visit.starts_at,
        zone="America/New_York",
        note=side.word("diary"),
        asked_at=NOW,
    )
