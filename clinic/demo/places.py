"""Where the demo clinic is, who works there, when, and what for how much."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from billing import pricelist
from clinic.access import SYSTEM
from clinic.demo.sign_ins import PASSWORD
from clinic.messaging_states import MessagePurpose
from clinic.models import Clinic, Discipline, Location, Practitioner, Role, User
from scheduling import message_rules, resources
from scheduling.models import Anchor, Device, OpeningHours, Room, Service, WorkingHours
from scheduling.models.message_rules import DAY

MASSAGE, PHYSIO, MEDICAL = Discipline.MASSAGE, Discipline.PHYSICAL_THERAPY, Discipline.MEDICAL

LOCATIONS = (
    ("Harbor Street", "America/New_York", "14 Harbor Street", "Portland", "ME", "04101", "+12075550140"),
    ("Lakeside", "America/Chicago", "220 Lakeside Avenue", "Evanston", "IL", "60201", "+13125550160"),
)
#: What else some of them know and speak, by sign-in.
SKILLS = {
    "therapist": ["deep tissue", "trigger points"], "physio": ["group exercise"], "mei": ["lymph drainage"],
    "noor": ["deep tissue"], "tomas": ["manual therapy"], "wanda": ["deep tissue", "lymph drainage"],
}  # fmt: skip
LANGUAGES = {"mei": ["en", "zh"], "noor": ["en", "ar"], "tomas": ["en", "es"], "wanda": ["en", "pl"]}
#: name, sign-in, title, discipline, location, roles.
THERAPISTS = (
    ("Imani Okonkwo", "therapist", "LMT", MASSAGE, 0, (Role.THERAPIST,)),
    ("Lars Ørsted", "physio", "DPT", PHYSIO, 0, (Role.THERAPIST,)),
    ("Mei-Ling Tsai", "mei", "LMT", MASSAGE, 0, (Role.THERAPIST,)),
    ("Dr. Samuel Adeyemi", "doctor", "MD", MEDICAL, 0, (Role.THERAPIST,)),
    ("Noor Haddad", "noor", "LMT", MASSAGE, 0, (Role.THERAPIST,)),
    ("Tomás Echeverría", "tomas", "DPT", PHYSIO, 1, (Role.THERAPIST,)),
    ("Wanda Kowalczyk", "wanda", "LMT", MASSAGE, 1, (Role.THERAPIST, Role.ADMIN)),
    ("Anjali Raman", "anjali", "LMT", MASSAGE, 1, (Role.THERAPIST,)),
)
ROOMS = (("Room 1", 0), ("Room 2", 0), ("Room 3", 0), ("Gym", 0), ("Lake room", 1), ("Garden room", 1))
DEVICES = (("Ultrasound", "ultrasound", 0), ("Ultrasound", "ultrasound", 1), ("Traction table", "traction", 0))
#: name, discipline, technique, minutes, clean-up, charting, room feature, colour, price.
SERVICES = (
    ("Massage 30", MASSAGE, "", 30, 10, 5, "table", "teal", "55.00"),
    ("Massage 45", MASSAGE, "", 45, 10, 5, "table", "green", "78.00"),
    ("Massage 60", MASSAGE, "", 60, 10, 10, "table", "blue", "98.00"),
    ("Physical therapy 30", PHYSIO, "", 30, 5, 5, "", "purple", "85.00"),
    ("Physical therapy 45", PHYSIO, "", 45, 5, 10, "", "indigo", "118.00"),
    ("Examination", MEDICAL, "", 30, 0, 10, "", "orange", "140.00"),
)


#: Besides the reminder of the day before: from when on patients are written to by themselves.
BETWEEN_VISITS = (
    (MessagePurpose.RECALL, Anchor.LAST_VISIT, 10),
    (MessagePurpose.PLAN_REVIEW, Anchor.REVIEW, 3),
    (MessagePurpose.EXERCISE_NUDGE, Anchor.LAST_ENTRY, 5),
    (MessagePurpose.INVOICE, Anchor.DUE, 3),
)


@dataclass(frozen=True)
class Places:
    """What the rest of the demo is made at and by."""

    locations: list[Location]
    practitioners: list[Practitioner]
    at: dict[int, Location]
    services: list[Service]
    desk: User
    owner: User


def build(*, now: datetime, today: date) -> Places:
    Clinic.objects.create(
        name="Harbor Back & Muscle Clinic",
        sender_name="Harbor Clinic",
        phone="+12075550140",
        email="hello@tonus.example",
        tax_number="00-0000000",
    )
    message_rules.begin(now=now)
    locations = [
        Location.objects.create(
            name=name, zone=zone, address_line=street, city=city, region=region, postal_code=code, phone=phone
        )
        for name, zone, street, city, region, code, phone in LOCATIONS
    ]
    owner = _staff("Ruth Vandermeer", "owner", (Role.OWNER,))
    for purpose, anchor, days in BETWEEN_VISITS:
        message_rules.add(purpose=purpose, anchor=anchor, minutes=days * DAY, by=owner, now=now)
    desk = _staff("Dana Whitfield", "desk", (Role.ADMIN,))
    people, at = [], {}
    for name, sign_in, title, discipline, where, roles in THERAPISTS:
        user = _staff(name, sign_in, roles)
        person = Practitioner.objects.create(
            user=user, title=title, discipline=discipline, skills=SKILLS.get(sign_in, []),
            languages=LANGUAGES.get(sign_in, ["en"]),
        )  # fmt: skip
        people.append(person)
        at[person.pk] = locations[where]
    rooms = [
        Room.objects.create(location=locations[where], name=name, features=["gym"] if name == "Gym" else ["table"])
        for name, where in ROOMS
    ]
    devices = [Device.objects.create(location=locations[where], name=name, kind=kind) for name, kind, where in DEVICES]
    resources.ensure(practitioners=[p.pk for p in people], rooms=[r.pk for r in rooms], devices=[d.pk for d in devices])
    _hours(locations, people, at, today=today)
    services = []
    for name, discipline, technique, minutes, after, charting, feature, colour, price in SERVICES:
        service = Service.objects.create(
            name=name,
            discipline=discipline,
            technique=technique,
            minutes=minutes,
            minutes_after=after,
            charting_minutes=charting,
            needs_room=discipline != MEDICAL,
            room_feature=feature,
            colour=colour,
        )
        services.append(service)
        pricelist.set_price(
            service_id=service.pk, amount=Decimal(price), valid_from=today - timedelta(days=400), by=owner, now=now
        )
    away = people[4]
    zone = at[away.pk].tz
    starts = datetime.combine(today + timedelta(days=9), time(0), tzinfo=zone)
    resources.add_absence(
        practitioner=away, kind="holiday", starts_at=starts, ends_at=starts + timedelta(days=5), by=SYSTEM, now=now
    )
    return Places(locations, people, at, services, desk, owner)


def _staff(name: str, sign_in: str, roles: tuple[Role, ...]) -> User:
    return User.objects.create_user(
        email=f"{sign_in}@tonus.example", name=name, roles=[role.value for role in roles], password=PASSWORD
    )


def _hours(locations: list[Location], people: list[Practitioner], at: dict[int, Location], *, today: date) -> None:
    """Open every day, 8 to 19; each works nine to five with a break, and has a day off that is not today."""
    since = today - timedelta(days=400)
    OpeningHours.objects.bulk_create(
        OpeningHours(location=place, weekday=day, opens=time(8), closes=time(19), valid_from=since)
        for place in locations
        for day in range(7)
    )
    WorkingHours.objects.bulk_create(
        WorkingHours(practitioner=one, location=at[one.pk], weekday=day, opens=opens, closes=closes, valid_from=since)
        for number, one in enumerate(people)
        for day in range(7)
        if day != (today.weekday() + 2 + number % 5) % 7
        for opens, closes in ((time(9), time(13)), (time(14), time(18)))
    )
