"""What templates may say, what becomes of them, and how many texts that is. All pure."""

from __future__ import annotations

import string
from dataclasses import fields as fields_of
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from django.utils.dates import MONTHS, WEEKDAYS
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from clinic.messaging_states import Channel, MessagePurpose
from clinic.wording import (
    EMAIL,
    SMS,
    SPEECHES,
    Became,
    Facts,
    Field,
    Kind,
    Lacking,
    Line,
    Refused,
    Spot,
    check,
    examples,
    fields,
    render,
    spoken,
)
from clinic.wording.comparing import compared
from clinic.wording.discreet import telling_word
from clinic.wording.examples import House
from clinic.wording.kinds import CHANNELS, GROUPS, LABELS, OF_RULES, channels_of, is_variant
from clinic.wording.parse import BadTemplate, Maybe, parse
from clinic.wording.segments import BASIC, EXTENDED, GSM, UCS2, count

NEW_YORK = ZoneInfo("America/New_York")
AT = datetime(2026, 11, 24, 14, 30, tzinfo=NEW_YORK)
HOUSE = House("Harbor Clinic", "12 Harbor Street, New York", "(212) 555-0142")
#: As long as a link is: a common address and 43 characters that open it.
LINK = "https://tonus.harborclinic.com/v/" + "kT7wQ2mZx9Rb4LnV8cHs1YpD6fGj3EuA5oXi0BqWtNa" + "/"
EVERY = [(kind, channel, language) for kind in Kind for channel in channels_of(kind) for language in SPEECHES]


def words_of(kind: Kind, channel: str, language: str) -> tuple[str, str]:
    speech = SPEECHES[language]
    return speech.mails[kind] if channel == EMAIL else ("", speech.texts[kind])


def default(kind: Kind, channel: str, language: str):
    title, text = words_of(kind, channel, language)
    return check(Spot(kind, channel, language), title=title, text=text)


def said(kind: Kind, channel: str, language: str, facts: Facts | None = None) -> tuple[str, str]:
    facts = facts or examples.usual(kind, AT - timedelta(days=3), HOUSE)
    return render(default(kind, channel, language), SPEECHES[language], facts)


def problem(kind: Kind, channel: str, text: str, *, language: str = "en", private=()) -> dict[str, str]:
    title = "A subject" if channel == EMAIL else ""
    with pytest.raises(Refused) as refused:
        check(Spot(kind, channel, language), title=title, text=text, private=private)
    return refused.value.problems


# -- What Tonus comes with -------------------------------------------------------------------------------


def test_every_message_to_patients_has_words_in_every_language_and_channel():
    for speech in SPEECHES.values():
        assert set(speech.mails) == {kind for kind in Kind if EMAIL in channels_of(kind)}
        assert set(speech.texts) == set(Kind)
    assert set(LABELS) == set(Kind)
    assert sum(len(kinds) for _, kinds in GROUPS) == len(Kind)


def test_what_a_message_is_for_has_a_kind_of_that_name_unless_several_do():
    to_staff = {"invitation", "password_reset", "sign_in_notice", "record_opened"}
    assert {purpose.value for purpose in MessagePurpose} - set(Kind) - to_staff == {"reply"}
    assert set(CHANNELS) == set(Channel.values)


@pytest.mark.parametrize(("kind", "channel", "language"), EVERY)
def test_what_tonus_comes_with_is_what_a_clinic_may_have(kind, channel, language):
    title, text = said(kind, channel, language)
    assert bool(title) == (channel == EMAIL)
    assert text.count("{link}") == (Field.LINK in fields.allowed(kind, channel))
    assert not set("{}[]") & set(title + text.replace("{link}", ""))
    assert "  " not in text
    assert "\n\n\n" not in text


@pytest.mark.parametrize(("kind", "channel", "language"), EVERY)
def test_it_also_reads_well_without_what_may_be_missing(kind, channel, language):
    facts = Facts(
        name="Ana", names=("Ana", "Ben"), clinic="Harbor Clinic", when=AT, lines=[Line(AT)], until=AT,
        amount=Decimal(80), currency="EUR", number="2026-1",
    )  # fmt: skip
    _, text = said(kind, channel, language, facts)
    assert "  " not in text
    assert " ." not in text
    assert not any(line.rstrip().endswith(("call", ":.", "al", "le")) for line in text.split("\n"))


@pytest.mark.parametrize("language", SPEECHES)
@pytest.mark.parametrize("kind", [Kind.VISIT_BOOKED, Kind.VISIT_REMINDER, Kind.VISIT_MOVED])
def test_what_is_sent_most_fits_into_one_text_in_every_language(kind, language):
    tuesday = Facts(name="Ana", clinic="Harbor Clinic", when=AT)
    _, text = said(kind, SMS, language, tuesday)
    counted = count(text.replace("{link}", LINK))
    assert (counted.encoding, counted.parts) == (GSM, 1), (text, counted)


@pytest.mark.parametrize("language", SPEECHES)
@pytest.mark.parametrize("kind", Kind)
def test_no_words_of_ours_make_a_text_message_dearer(kind, language):
    assert set(SPEECHES[language].texts[kind]) <= BASIC | EXTENDED


@pytest.mark.parametrize(("kind", "channel", "language"), [each for each in EVERY if each[2] in {"de", "es", "fr"}])
def test_patients_are_addressed_formally(kind, channel, language):
    _, text = said(kind, channel, language)
    familiar = {
        "de": {"du", "dir", "dich", "dein", "deine", "deinen", "deiner"},
        "es": {"tú", "tu", "tus", "te", "ti", "vuestro"},
        "fr": {"tu", "toi", "ton", "ta", "tes", "te"},
    }[language]
    said_words = {word.strip(string.punctuation + "\u00a0’").lower() for word in text.split()}
    assert not said_words & familiar
    if language == "de" and channel == EMAIL:
        assert {"Sie", "Ihnen", "Ihr", "Ihre", "Ihren"} & set(text.replace(",", " ").replace(".", " ").split())


# -- Templates -------------------------------------------------------------------------------------------

KNOWN = (Field.NAME, Field.PHONE, Field.WHEN)


def test_a_template_is_words_fields_and_words_that_may_be_left_out():
    assert parse("Hello {name}[, or call { phone }].", KNOWN) == (
        "Hello ", Field.NAME, Maybe((", or call ", Field.PHONE)), ".",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{nmae}", "There is no field {nmae}. Did you mean {name}?"),
        ("{service}", "There is no field {service}."),
        ("{amount}", "{amount} may not stand in this message."),
        ("{name", "A { is never closed: write {name} and the like."),
        ("name}", "A } has no { before it."),
        ("{{name}}", "A { is never closed: write {name} and the like."),
        ("{}", "There is nothing between { and }."),
        ("[{phone}", "A [ is never closed: put ] where the words end that may be left out."),
        ("{phone}]", "A ] has no [ before it."),
        ("[[{phone}]]", "One [ ] cannot stand inside another."),
        ("[call us]", "Words in [ ] need a field among them: they are left out when it is empty."),
        ("{name\n}", "A { is never closed: write {name} and the like."),
    ],
)
def test_what_is_wrong_with_a_template_is_a_sentence(text, sentence):
    with pytest.raises(BadTemplate) as bad:
        parse(text, KNOWN)
    assert str(bad.value) == sentence


@given(st.text(alphabet="{}[]name phoe\n:.", max_size=60))
def test_every_text_is_a_template_or_refused_with_a_sentence(text):
    try:
        parse(text, KNOWN)
    except BadTemplate as bad:
        sentence = str(bad)
    else:
        sentence = "."
    assert sentence.endswith((".", "?"))


@pytest.mark.parametrize(
    ("channel", "text", "sentence"),
    [
        (SMS, "See you {when}", "{link} (the patient's own link) must stand in it, outside [ ]."),
        (SMS, "{when} {link} {link}", "{link} may stand in it only once."),
        (SMS, "{when} [{link}]", "{link} (the patient's own link) must stand in it, outside [ ]."),
        (SMS, "{when} {link} {phone}", "Some messages have no {phone}: put it in [ ] with the words around it"),
        (SMS, "{when} {link} {lines}", "{lines} may not stand in this message."),
        (SMS, "x" * 481, "At most 480 characters: these are 481."),
        (SMS, " \n", "Write what it says."),
        (EMAIL, "{when} {link}", "Put {link} on a line by itself"),
    ],
)
def test_a_reminder_needs_its_time_and_its_link_and_nothing_that_may_be_missing(channel, text, sentence):
    assert problem(Kind.VISIT_REMINDER, channel, text)["text"].startswith(sentence)


@pytest.mark.parametrize(
    ("title", "sentence"),
    [
        ("", "Write a subject."),
        ("Ana\nBcc: x", "One line, at most 120 characters."),
        ("x" * 121, "One line, at most 120 characters."),
        ("{name}, your visit", "{name} may not stand in this message."),
        ("Your massage", "A subject shows on a locked phone, so it may be read by others: it cannot say “massage”."),
    ],
)
def test_a_subject_is_one_line_and_names_nobody(title, sentence):
    with pytest.raises(Refused) as refused:
        check(Spot(Kind.VISIT_REMINDER, EMAIL, "en"), title=title, text="{when}\n\n{link}\n\n")
    assert refused.value.problems == {"title": sentence}


# -- What a text message cannot say -----------------------------------------------------------------------


def test_no_field_of_a_text_message_is_about_treatment_or_money():
    by_sms = {field for kind in Kind for field in fields.allowed(kind, SMS)}
    assert by_sms == {
        Field.NAME, Field.NAMES, Field.CLINIC, Field.WHEN, Field.LINES, Field.COUNT, Field.PLACE, Field.LINK,
        Field.PHONE, Field.UNTIL, Field.INSTEAD,
    }  # fmt: skip


def test_facts_have_no_place_for_what_nobody_else_may_read():
    places = {field.name for field in fields_of(Facts)} | {field.name for field in fields_of(Line)}
    assert places == {
        "name", "names", "clinic", "when", "lines", "every_one", "place", "phone", "until", "instead", "amount",
        "currency", "number", "due", "at", "who", "became", "was",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("language", "text", "word"),
    [
        ("en", "Your massage {when} {link}", "massage"),
        ("en", "Your MASSAGE, {when} {link}", "massage"),
        ("en", "Trigger  point work {when} {link}", "trigger  point"),
        ("en", "for your lower back {when} {link}", "lower back"),
        ("en", "take ibuprofen before {when} {link}", "ibuprofen"),
        ("en", "you owe us {when} {link}", "owe"),
        ("en", "bring $40 {when} {link}", "$4"),
        ("en", "bring 40 USD {when} {link}", "0 USD"),
        ("en", "mass\u00adage {when} {link}", "massage"),
        ("es", "masaje el {when} {link}", "masaje"),
        ("es", "fisioterapía {when} {link}", "fisioterapia"),
        ("de", "Krankengymnastik {when} {link}", "krankengymnastik"),
        ("de", "Ihr Rücken {when} {link}", "rucken"),
        ("de", "Rückenmassagetermin {when} {link}", "massage"),
        ("fr", "votre kine {when} {link}", "kine"),
        ("fr", "mal de dos {when} {link}", "mal de dos"),
        ("en", "Sound bath {when} {link}", "sound bath"),
    ],
)
def test_its_words_are_looked_through_as_well(language, text, word):
    sentences = problem(Kind.VISIT_REMINDER, SMS, text, language=language, private={"Sound bath"})
    assert sentences["text"] == f"A text message may be read by others: it cannot say “{word}”."


@pytest.mark.parametrize(
    "text",
    [
        "Call us back: {when} {link}",
        "Come hungry {when} {link}",
        "At 14:30 {when} {link}",
        "Painting {when} {link}",
        "Bitte drücken Sie {when} {link}",
    ],
)
def test_words_that_only_look_alike_are_let_through(text):
    assert check(Spot(Kind.VISIT_REMINDER, SMS, "en"), title="", text=text, private={"Sound bath"})


#: What must never be read on somebody's phone: given as facts, and typed into templates.
CANARIES = ("Zzservice", "Zzlumbar", "Zzsciatica", "Zzbaclofen", "Zzbalance")
AMOUNT = Decimal("73197.31")

canary = st.sampled_from(CANARIES)
moments = st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31), timezones=st.just(NEW_YORK))  # noqa: DTZ001
names = st.text(max_size=30)
lines = st.lists(st.builds(Line, moments, who=names, became=st.sampled_from(Became), was=moments), max_size=6)
some_facts = st.builds(
    Facts,
    name=names,
    names=st.lists(names, max_size=3),
    clinic=names,
    when=st.none() | moments,
    lines=lines,
    every_one=st.booleans(),
    place=names,
    phone=names,
    until=st.none() | moments | moments.map(datetime.date),
    instead=st.none() | moments,
    amount=st.just(AMOUNT),
    currency=st.sampled_from(["USD", "EUR", "Zzbalance"]),
    number=canary,
    due=st.dates(date(2099, 1, 1), date(2099, 12, 31)),
)
piece = st.one_of(
    st.sampled_from(["{" + field + "}" for field in Field]),
    st.sampled_from(
        ["{service}", "{diagnosis}", "{balance}", "[", "]", "{", "}", "{link}", "\n", ". ", " ", "{ amount }"]
    ),
    st.sampled_from(["[ {phone}]", "[{amount}]", "[ {" + Field.NUMBER + "} {due}]"]),
    canary,
    canary.map(str.upper),
    canary.map("\u200b".join),
    st.text(alphabet="abc éñü 😀", max_size=12),
)
typed = st.lists(piece, max_size=10).map("".join)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(Kind), st.sampled_from(list(SPEECHES)), typed, some_facts)
@example(Kind.INVOICE, "en", "{name} {clinic}", Facts(name="A", clinic="B", amount=AMOUNT, number="Zzservice"))
@example(Kind.VISIT_REMINDER, "en", "Zzservice {when} {link}", Facts(name="A", when=AT))
def test_whatever_the_facts_and_the_template_no_text_message_says_what_is_private(kind, language, text, facts):
    """Either the template is refused, or nothing that it renders holds any of it."""
    for words in (text, SPEECHES[language].texts[kind], SPEECHES[language].texts[kind] + text):
        try:
            wording = check(Spot(kind, SMS, language), title="", text=words, private=CANARIES)
            title, rendered = render(wording, SPEECHES[language], facts)
        except (Refused, Lacking):
            continue
        shown = "".join(sign for sign in title + rendered if sign != "\u200b").lower()
        assert not any(word.lower() in shown for word in CANARIES)
        assert "73" + "197" not in shown.replace(".", "").replace(",", "").replace("\u202f", "")
        assert "2099" not in shown
        assert title == ""
        assert rendered.count("{link}") == (Field.LINK in fields.allowed(kind, SMS))
        assert not set("{}") & set(rendered.replace("{link}", ""))


def test_the_law_above_is_not_empty():
    """Templates that are let through exist, and what is kept out of a text message a mail may say."""
    assert check(Spot(Kind.INVOICE, SMS, "en"), title="", text="{name} {clinic}", private=CANARIES)
    facts = Facts(name="Ana", clinic="B", amount=AMOUNT, currency="USD", number="Zzservice")
    assert "$73,197.31" in said(Kind.INVOICE, EMAIL, "en", facts)[1]


@given(some_facts, st.sampled_from([each for each in EVERY if each[1] == EMAIL]))
@settings(max_examples=100, deadline=None)
def test_no_name_makes_a_second_link_or_a_second_line(facts, spot):
    kind, channel, language = spot
    try:
        title, text = said(kind, channel, language, facts)
    except Lacking:
        assume(False)
    assert text.count("{link}") == (Field.LINK in fields.allowed(kind, channel))
    assert len(title.splitlines()) == 1


def test_a_fact_that_any_template_of_the_kind_may_name_must_be_there():
    with pytest.raises(Lacking, match=r"visit_reminder/sms/en 0 lacks when\."):
        said(Kind.VISIT_REMINDER, SMS, "en", Facts(name="Ana", clinic="B"))


def test_before_the_clinic_has_a_name_it_is_the_clinic():
    assert "the clinic" in said(Kind.VISIT_REMINDER, SMS, "en", Facts(name="Ana", when=AT))[1]


@given(st.text(), st.lists(st.text(min_size=1, max_size=8), max_size=4))
def test_looking_for_telling_words_never_fails(text, telling):
    found = telling_word(text, telling)
    assert found is None or found


# -- How many texts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "encoding", "places", "parts", "left"),
    [
        ("", GSM, 0, 0, 160),
        ("a", GSM, 1, 1, 159),
        ("a" * 160, GSM, 160, 1, 0),
        ("a" * 161, GSM, 161, 2, 145),
        ("a" * 306, GSM, 306, 2, 0),
        ("a" * 307, GSM, 307, 3, 152),
        # The ten characters of the extension table take two places.
        ("€", GSM, 2, 1, 158),
        ("€" * 80, GSM, 160, 1, 0),
        ("€" * 81, GSM, 162, 2, 143),
        ("a" * 159 + "€", GSM, 161, 2, 145),
        ("^{}\\[~]|€\f", GSM, 20, 1, 140),
        # The 153rd place cannot hold half a character: it stays empty, and the next part begins with it.
        ("a" * 152 + "€" + "a" * 151, GSM, 305, 2, 0),
        ("a" * 152 + "€" + "a" * 152, GSM, 306, 3, 152),
        # One character outside, and the whole text is UCS-2.
        ("á", UCS2, 1, 1, 69),
        ("á" * 70, UCS2, 70, 1, 0),
        ("á" * 71, UCS2, 71, 2, 63),
        ("a" * 70 + "á", UCS2, 71, 2, 63),
        ("á" * 134, UCS2, 134, 2, 0),
        ("á" * 135, UCS2, 135, 3, 66),
        ("á€", UCS2, 2, 1, 68),
        # Outside the first plane a character is two units, which no part tears apart.
        ("😀", UCS2, 2, 1, 68),
        ("😀" * 35, UCS2, 70, 1, 0),
        ("😀" * 36, UCS2, 72, 2, 61),
        ("á" * 66 + "😀" + "á" * 65, UCS2, 133, 2, 0),
        ("á" * 66 + "😀" + "á" * 66, UCS2, 134, 3, 66),
        ("two\nlines", GSM, 9, 1, 151),
        ("two\r\nlines", GSM, 9, 1, 151),
        ("It’s", UCS2, 4, 1, 66),
    ],
)
def test_texts_are_counted_as_networks_count_them(text, encoding, places, parts, left):
    counted = count(text)
    assert (counted.encoding, counted.places, counted.parts, counted.left) == (encoding, places, parts, left)


def test_the_alphabet_is_that_of_the_standard():
    """GSM 03.38: 128 places, one of them the escape to the extension table."""
    assert len(BASIC) == 127
    assert len(EXTENDED) == 10
    assert not BASIC & EXTENDED
    assert "Ç" in BASIC
    assert "ç" not in BASIC


def test_what_makes_a_text_dear_is_named_once_in_order():
    assert count("añá “á” ñ").outside == ("á", "“", "”")


@given(st.text(alphabet=st.sampled_from("aZ é€^[]á😀ñ漢\n"), max_size=700))
def test_a_count_adds_up(text):
    counted = count(text)
    alone, room = (160, 153) if counted.encoding == GSM else (70, 67)
    assert counted.places >= len(text)
    assert (counted.parts <= 1) == (counted.places <= alone)
    assert 0 <= counted.left < (alone + 1 if counted.parts <= 1 else room)
    if counted.parts > 1:
        wasted = counted.parts * room - counted.left - counted.places
        assert 0 <= wasted < counted.parts, "at most one place of each full part is lost to a character of two"
        assert counted.parts >= -(-counted.places // room)
    assert count(text + "a").places == counted.places + 1
    assert count(text + "a").parts >= counted.parts


# -- Languages -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", SPEECHES)
def test_days_and_months_are_called_as_django_calls_them(language):
    """By translators who are not us."""
    speech = SPEECHES[language]
    with translation.override(language):
        assert [day.lower() for day in speech.days] == [str(WEEKDAYS[n]).lower() for n in range(7)]
        assert [month.lower() for month in speech.months] == [str(MONTHS[n]).lower() for n in range(1, 13)]


@pytest.mark.parametrize(
    ("language", "mail", "text"),
    [
        ("en", "Tuesday 24 November 2026, 14:30 (EST)", "Tue 24 Nov, 14:30"),
        ("es", "martes 24 de noviembre de 2026, 14:30 h (EST)", "mar 24 nov, 14:30"),
        ("de", "Dienstag, 24. November 2026, 14:30 Uhr (EST)", "Di 24.11., 14:30 Uhr"),
        ("fr", "mardi 24 novembre 2026 à 14\u00a0h\u00a030 (EST)", "mar. 24 nov. à 14h30"),
    ],
)
def test_a_time_is_said_as_the_language_says_it(language, mail, text):
    assert SPEECHES[language].when(AT, EMAIL) == mail
    assert SPEECHES[language].when(AT, SMS) == text


@pytest.mark.parametrize(
    ("language", "mail", "text"),
    [
        ("en", "Saturday 1 August 2026, 09:00 (EDT)", "Sat 1 Aug, 09:00"),
        ("es", "sábado 1 de agosto de 2026, 9:00 h (EDT)", "sáb 1 ago, 9:00"),
        ("de", "Samstag, 1. August 2026, 9:00 Uhr (EDT)", "Sa 1.8., 9 Uhr"),
        ("fr", "samedi 1er août 2026 à 9\u00a0h (EDT)", "sam. 1er aout à 9h"),
    ],
)
def test_the_first_of_a_month_and_a_full_hour_too(language, mail, text):
    first = datetime(2026, 8, 1, 9, tzinfo=NEW_YORK)
    assert SPEECHES[language].when(first, EMAIL) == mail
    assert SPEECHES[language].when(first, SMS) == text


@pytest.mark.parametrize(
    ("language", "said_as"),
    [("en", "$1,234.50"), ("es", "1.234,50 $"), ("de", "1.234,50 $"), ("fr", "1\u202f234,50\u00a0$")],
)
def test_an_amount_is_said_as_the_language_says_it(language, said_as):
    assert SPEECHES[language].sum(Decimal("1234.5"), "USD") == said_as
    assert SPEECHES[language].sum(Decimal("-0.5"), "EUR").startswith("-")


@pytest.mark.parametrize(
    ("language", "names_said"),
    [("en", "Ana, Ben and Cleo"), ("es", "Ana, Ben y Cleo"), ("de", "Ana, Ben und Cleo"), ("fr", "Ana, Ben et Cleo")],
)
def test_names_are_listed(language, names_said):
    speech = SPEECHES[language]
    assert speech.listed(["Ana", "Ben", "Cleo"]) == names_said
    assert speech.listed(["Ana"]) == "Ana"
    assert speech.listed([]) == ""


@pytest.mark.parametrize("language", SPEECHES)
def test_what_became_of_a_visit_is_said_with_both_times(language):
    speech, later = SPEECHES[language], AT + timedelta(days=1)
    moved = speech.line(Line(later, became=Became.MOVED, was=AT), EMAIL)
    assert speech.when(AT, EMAIL) in moved
    assert speech.when(later, EMAIL) in moved
    for became in (Became.OFF, Became.SAME_TIME):
        assert speech.when(AT, EMAIL) in speech.line(Line(AT, became=became, was=AT), EMAIL)


@pytest.mark.parametrize("language", SPEECHES)
def test_of_very_many_visits_the_last_are_counted_unless_every_one_is_to_be_named(language):
    speech, visits = SPEECHES[language], [Line(AT + timedelta(days=n)) for n in range(30)]
    assert len(speech.lines(visits, EMAIL, every_one=False).split("\n")) == 25
    assert "6" in speech.lines(visits, EMAIL, every_one=False).split("\n")[-1]
    assert len(speech.lines(visits, SMS, every_one=False).split("\n")) == 4
    assert len(speech.lines(visits, SMS, every_one=True).split("\n")) == 30


@pytest.mark.parametrize(
    ("wanted", "spoken_in"),
    [(("de",), "de"), (("DE-at",), "de"), (("zh", "es"), "es"), (("zh", "ar"), "en"), (("", "fr"), "fr"), ((), "en")],
)
def test_who_speaks_another_language_is_written_to_in_that_of_the_clinic(wanted, spoken_in):
    assert spoken(*wanted).code == spoken_in


def test_a_family_reads_whose_visit_is_when():
    _, text = said(Kind.FAMILY_REMINDER, EMAIL, "de")
    assert text.startswith("Guten Tag Ana und Ben,\n")
    assert "\nAna: Dienstag, 24. November 2026, 14:30 Uhr (EST)\nBen: Dienstag," in text


@pytest.mark.parametrize("name", ["Last word", "a", "short-one", "Mañana 2", "x" * 30])
def test_other_words_bear_a_name(name):
    assert is_variant(name)
    for kind in OF_RULES:
        assert len(Spot(kind, EMAIL, "en", name).name) <= 60 - len(" 1000"), "the ledger keeps it in sixty places"


@pytest.mark.parametrize("name", ["", " ", " a", "a ", "x" * 31, "a/b", "a\nb", "<b>", "{name}", "-", "a&b=c"])
def test_and_no_other_sign(name):
    assert not is_variant(name)


# -- Mails, examples, versions ---------------------------------------------------------------------------


def test_a_mail_is_its_own_words_with_a_button_and_nothing_from_elsewhere():
    title, text = said(Kind.VISIT_REMINDER, EMAIL, "fr")
    letter = SPEECHES["fr"].letter(title=title, text=text, link_label="Ouvrir", clinic="Chez <Ana> & Cie")
    html = letter.html()
    assert '<html lang="fr">' in html
    assert '<a href="{link}"' in html
    assert ">Ouvrir</a>" in html
    assert "Chez &lt;Ana&gt; &amp; Cie" in html
    assert html.count("{link}") == 2
    assert "<script" not in html
    assert "src=" not in html
    assert "url(" not in html
    for block in letter.blocks():
        assert all(line in html for line in block.lines if "’" not in line and "&" not in line)


def test_html_in_a_name_is_only_text():
    letter = SPEECHES["en"].letter(
        title="<b>", text="Hello <img src=x>,\n\nhttps://a.example/?a=1&b=2", link_label="Go", clinic=""
    )
    assert "&lt;img src=x&gt;" in letter.html()
    assert 'href="https://a.example/?a=1&amp;b=2"' in letter.html()


@given(st.sampled_from(EVERY), st.datetimes(datetime(2024, 1, 1), datetime(2040, 12, 31)))  # noqa: DTZ001
@settings(max_examples=60, deadline=None)
def test_examples_fit_every_template_on_every_day(spot, now):
    kind, channel, language = spot
    now = now.replace(tzinfo=UTC)
    for make in (examples.usual, examples.longest):
        facts = make(kind, now, HOUSE)
        assert facts.when is not None
        assert facts.when > now
        assert said(kind, channel, language, facts)[1]


@given(st.text(max_size=80), st.text(max_size=80))
def test_what_is_compared_holds_both_versions(old, new):
    pieces = compared(old, new)
    assert "".join(piece.text for piece in pieces if piece.how != "new") == old
    assert "".join(piece.text for piece in pieces if piece.how != "gone") == new


def test_changes_are_told_word_by_word():
    assert [(p.how, p.text) for p in compared("See you {when}.", "See you on {when}.")] == [
        ("same", "See you "), ("new", "on "), ("same", "{when}."),
    ]  # fmt: skip
