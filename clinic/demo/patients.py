"""Two hundred people with backs: registered as the front desk would, a few of them awkward on purpose."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

from clinic.demo import names
from clinic.demo.places import Places
from patients import merging, registration
from patients.dates import RoughDay
from patients.models import AllergyStatus, Channel, ConsentSource, Patient
from patients.models.choices import Precision

STREETS = ("Maple Street", "Union Avenue", "Quarry Road", "Ferry Lane", "Second Street", "Orchard Hill")
INJURIES = (
    ("lifting", "Lifted a washing machine and felt something give", "low back"),
    ("twist", "Turned in the car to reach the back seat", "low back"),
    ("overuse", "Four weeks of double shifts at the till", "shoulders"),
    ("fall", "Slipped on an icy step and sat down hard", "low back"),
    ("posture", "Works long days at a laptop on the kitchen table", "neck"),
    ("sport", "Rowed further than ever before", "middle back"),
    ("surgery", "Stiff since a disc operation", "low back"),
)
CONDITIONS = ("High blood pressure", "Osteoporosis", "Type 2 diabetes", "Asthma", "Migraine")
ALLERGIES = (
    ("Latex", "contact", "Itching rash"),
    ("Penicillin", "drug", "Hives"),
    ("Almond oil", "contact", "Redness"),
)
MEDICINES = (
    ("Cyclobenzaprine", ["muscle_relaxant"], "5 mg at night as ordered", "Dr. Amara Okafor"),
    ("Ibuprofen", ["nsaid"], "400 mg with food, when needed", "Dr. Amara Okafor"),
    ("Warfarin", ["anticoagulant"], "As the anticoagulation clinic orders", "Dr. Piet Hartog"),
    ("Tizanidine", ["alpha2_relaxant"], "2 mg at night as ordered", "Dr. Lucía Prado"),
)


def build(places: Places, *, count: int, now: datetime, today: date, chance: random.Random) -> list[Patient]:
    """`count` patients, registered over the last months. The last few are merged, deactivated or hard to reach."""
    people = [_register(number, places, now=now, today=today, chance=chance) for number in range(count)]
    if count >= 20:
        registration.deactivate(people[-1], reason="Moved abroad", by=places.desk, now=now)
        twin = people[-2]
        double = registration.register(
            family_name=twin.family_name,
            given_name=twin.given_name,
            born_on=twin.born_on,
            accept_duplicates=True,
            by=places.desk,
            now=now,
        )
        merging.merge(duplicate=double, survivor=twin, reason="Registered twice", by=places.desk, now=now)
    return people


def _register(number: int, places: Places, *, now: datetime, today: date, chance: random.Random) -> Patient:
    given, family = chance.choice(names.GIVEN), chance.choice(names.FAMILY)
    if number == 0:
        given, family = "Ana", "Núñez"
    elif number == 5:
        given, family = names.LONGEST
    cause, how, where = INJURIES[0] if number == 0 else chance.choice(INJURIES)
    happened = today - timedelta(days=chance.randint(5, 120))
    email = "" if number % 23 == 7 else f"patient{number}@patients.example"
    phone = "" if number % 29 == 11 else f"+1{chance.choice(('207', '312', '617'))}55501{number % 100:02d}"
    status = chance.choices([AllergyStatus.NONE_KNOWN, AllergyStatus.LISTED, AllergyStatus.NOT_ASKED], [6, 3, 1])[0]
    allergy = chance.choice(ALLERGIES)
    medicines = [MEDICINES[0]] if number == 0 else chance.sample(MEDICINES, chance.choice((0, 0, 1, 1, 2)))
    #: Every fifth would rather have text messages; they agreed to both.
    by_text = bool(phone) and number % 5 == 3
    agreed = ([Channel.EMAIL] if email else []) + ([Channel.SMS] if by_text else [])
    intake = registration.Intake(
        consents=[{"channel": channel, "given": True, "source": ConsentSource.DESK} for channel in agreed],
        emergency_contacts=[
            {"name": f"{chance.choice(names.GIVEN)} {family}", "relationship": "Partner", "phone": "+12075550199"}
        ],
        injuries=[
            {"cause": cause, "mechanism": how, "body_part": where, "happened": RoughDay(happened, Precision.DAY)}
        ],
        conditions=[{"name": chance.choice(CONDITIONS)}] if chance.random() < 0.3 else [],
        allergy_status=status,
        allergies=[dict(zip(("substance", "kind", "reaction"), allergy, strict=True))]
        if status == AllergyStatus.LISTED
        else [],
        medication=[
            {"name": name, "drug_classes": classes, "dose_as_ordered": dose, "prescriber": prescriber}
            for name, classes, dose, prescriber in medicines
        ],
    )
    return registration.register(
        family_name=family,
        given_name=given,
        born_on=date(chance.randint(1938, 2004), chance.randint(1, 12), chance.randint(1, 28)),
        intake=intake,
        accept_duplicates=True,
        pronouns=chance.choice(("she/her", "he/him", "they/them", "")),
        sex=chance.choice(("female", "male", "unknown")),
        phone=phone,
        email=email,
        preferred_channel=Channel.SMS if by_text else Channel.EMAIL if email else Channel.NONE,
        address_line=f"{chance.randint(1, 240)} {chance.choice(STREETS)}",
        city="Portland",
        region="ME",
        postal_code="04101",
        country="US",
        by=places.desk,
        now=now - timedelta(days=chance.randint(1, 90), minutes=chance.randint(0, 600)),
    )
