"""The owner's pages for what patients read: all of them, one of them, its preview and its versions."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

import pytest
import time_machine
from django.urls import reverse

from clinic import wordings
from clinic.models import AuditEvent, Clinic, MessageTemplate
from clinic.wording import EMAIL, SMS, Kind, Spot
from clinic.wording.kinds import LABELS, channels_of
from tests.factories.people import a_clinic, a_location, an_owner, front_desk
from tests.factories.scheduling import a_small_clinic

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
LIST = reverse("office:wording")
OURS = "Hi {name}, {when} at ours: {link}"


def spot(kind: Kind = Kind.VISIT_REMINDER, channel: str = SMS, language: str = "en", name: str = "edit") -> str:
    return reverse(f"office:wording_{name}", args=[kind, channel, language])


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def owner():
    a_clinic()
    a_location()
    return an_owner(name="Olivia Owner")


@pytest.fixture
def office(client, owner):
    client.force_login(owner)
    return client


def save(owner, text: str = OURS, *, seen: int = 0, kind=Kind.VISIT_REMINDER, variant=""):
    return wordings.save(spot=Spot(kind, SMS, "en", variant), title="", text=text, seen=seen, by=owner, now=NOON)


def text_of(answer) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


# -- All of them -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "es", "de", "fr"])
def test_every_message_is_listed_with_a_way_to_its_words(office, language):
    answer = office.get(LIST, {"language": language})
    page = answer.content.decode()
    for kind in Kind:
        assert LABELS[kind] in unescape(page)
        for channel in channels_of(kind):
            assert f'href="{spot(kind, channel, language)}"' in page
    assert "As Tonus comes" in page


def test_a_language_that_does_not_exist_is_english(office):
    assert "Reminder of your visit" in office.get(LIST, {"language": "xx"}).content.decode()


def test_the_list_says_what_is_ours_and_what_is_not_in_use(office, owner):
    save(owner)
    save(owner, "Sound bath: {when} {link}", kind=Kind.VISIT_BOOKED)
    place = a_small_clinic()
    place.service.name = "Sound bath"
    place.service.save()
    said = text_of(office.get(LIST))
    assert "Own words version 1, Olivia Owner, 24 Nov 2026" in said
    assert "Not in use A text message may be read by others: it cannot say “sound bath”." in said


@pytest.mark.parametrize("own", [1, 4])
def test_the_list_costs_the_same_however_many_are_our_own(office, owner, own, django_assert_num_queries):
    for kind in list(Kind)[:own]:
        text = wordings.words_as_they_come(Spot(kind, SMS, "en"))[1] + "!"
        save(owner, text, kind=kind)
    office.get(LIST)
    with django_assert_num_queries(8):
        office.get(LIST)


# -- One of them -----------------------------------------------------------------------------------------


def test_the_editor_shows_the_words_in_force_only_the_fields_there_are_and_what_a_patient_reads(office, owner):
    Clinic.objects.update(sender_name="Harbor Clinic")
    page = office.get(spot()).content.decode()
    assert "{name}, see you at {clinic}, {when}. Confirm/change: {link} STOP to end</textarea>" in page
    assert set(re.findall(r'data-put="\[? ?(\{\w+\})', page)) == {
        "{name}", "{clinic}", "{phone}", "{when}", "{place}", "{link}",
    }  # fmt: skip
    assert "Ana, see you at Harbor Clinic, Fri 27 Nov, 14:30. Confirm/change: http" in page
    assert "GSM-7" in page


def test_no_editor_of_a_text_message_offers_anything_private(office):
    for kind in Kind:
        page = office.get(spot(kind)).content.decode()
        for private in ("amount", "number", "due", "service", "diagnosis", "practitioner"):
            assert f'data-put="{{{private}}}"' not in page
            assert f'data-put="[ {{{private}}}]"' not in page
        assert 'name="title"' not in page


@pytest.mark.parametrize("language", ["en", "es", "de", "fr"])
def test_the_editor_of_a_mail_has_a_subject_and_shows_the_mail(office, language):
    page = office.get(spot(Kind.INVOICE, EMAIL, language)).content.decode()
    assert 'name="title"' in page
    assert "128" in page
    assert "wording-mail" in page


@pytest.mark.parametrize(
    "path",
    ["visit_reminder/fax/en", "visit_reminder/sms/xx", "bill/sms/en", "reply_help/email/en", "VISIT_REMINDER/sms/en"],
)
@pytest.mark.parametrize("ending", ["", "preview/", "reset/", "other/"])
def test_what_is_no_template_is_not_found(office, path, ending):
    way = office.post if ending else office.get
    assert way(f"{LIST}{path}/{ending}").status_code == 404


def test_saving_makes_a_version_and_says_so(office, owner):
    answer = office.post(spot(), {"text": OURS + "\r\nBye", "seen": "0"}, follow=True)
    assert answer.redirect_chain == [(spot(), 303)]
    said = text_of(answer)
    assert "Version 1 of “Reminder” is what patients read from now on." in said
    assert "Own words version 1" in said
    row = MessageTemplate.objects.get()
    assert (row.text, row.title, row.written_by) == (OURS + "\nBye", "", owner)
    assert AuditEvent.objects.filter(action="wording.changed").count() == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Your massage {when} {link}", "A text message may be read by others: it cannot say “massage”."),
        ("{when} {link} {service}", "There is no field {service}."),
        ("{when}", "{link} (the patient's own link) must stand in it, outside [ ]."),
        ("", "This field is required."),
    ],
)
def test_a_refusal_stands_beside_the_words_and_loses_none(office, text, sentence):
    answer = office.post(spot(), {"text": text, "seen": "0"})
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert text in unescape(answer.content.decode())
    assert not MessageTemplate.objects.exists()


def test_a_subject_is_refused_beside_itself(office):
    answer = office.post(spot(channel=EMAIL), {"title": "{name}!", "text": "{when}\n\n{link}\n\nBye", "seen": "0"})
    assert answer.status_code == 422
    assert "{name} may not stand in this message." in text_of(answer)
    assert 'id="error_1_id_title"' in answer.content.decode()


def test_of_two_owners_the_slower_one_is_told_and_keeps_what_was_typed(office, owner):
    office.get(spot())
    save(owner, "{when}: {link}")
    answer = office.post(spot(), {"text": OURS, "seen": "0"})
    assert answer.status_code == 409
    said = text_of(answer)
    assert "Somebody else changed these words meanwhile." in said
    assert OURS in said
    assert office.post(spot(), {"text": OURS, "seen": "1"}).status_code == 303
    assert MessageTemplate.objects.order_by("-version").first().text == OURS


# -- The preview -----------------------------------------------------------------------------------------


def test_what_is_typed_is_shown_and_counted_and_not_kept(office):
    answer = office.post(spot(name="preview"), {"text": "{name}, {when}: {link}", "seen": "0"})
    said = text_of(answer)
    assert said.startswith("Ana, Fri 27 Nov, 14:30: http")
    assert re.search(r"1 text , \d+ places \(GSM-7\), \d+ left in the text\.", said)
    assert not MessageTemplate.objects.exists()
    assert "<html" not in answer.content.decode()


def test_a_single_letter_that_makes_it_dearer_is_named(office):
    said = text_of(office.post(spot(name="preview"), {"text": "Está bien {name}, {when}: {link}", "seen": "0"}))
    assert re.search(r"2 texts , \d+ places \(UCS-2\), \d+ left in the last\.", said)
    assert "“á” is outside the alphabet of text messages: 70 places in a text, not 160." in said


def test_long_names_are_tried_as_well(office):
    text = "{name}, {when}: {link}" + "x" * 64
    said = text_of(office.post(spot(name="preview"), {"text": text, "seen": "0"}))
    assert "1 text ," in said
    assert "With long names 2." in said


@pytest.mark.parametrize("text", ["{when", "Your massage {when} {link}", "", "{service} {when} {link}"])
def test_the_preview_says_what_is_wrong(office, text):
    answer = office.post(spot(name="preview"), {"text": text, "seen": "0"})
    assert answer.status_code == 200
    assert "alert-warning" in answer.content.decode()


def test_a_mail_is_shown_with_its_button_and_as_plain_text(office):
    said = text_of(
        office.post(spot(channel=EMAIL, name="preview"), {"title": "Soon", "text": "{when}\n\n{link}\n\nBye"})
    )
    assert said.startswith("Soon ")
    assert "Open my visit" in said
    assert "As plain text" in said


def test_markup_that_is_typed_is_only_text(office):
    page = office.post(spot(name="preview"), {"text": "<script>x</script> {when} {link}"}).content.decode()
    assert "<script>" not in page


def test_the_preview_changes_nothing_and_is_only_posted(office):
    assert office.get(spot(name="preview")).status_code == 405
    assert office.get(spot(name="reset")).status_code == 405


# -- Versions --------------------------------------------------------------------------------------------


def test_versions_show_what_each_changed_and_can_be_taken_up_again(office, owner):
    save(owner)
    save(owner, "Hi {name}, {when} with us: {link}", seen=1)
    page = office.get(spot()).content.decode()
    assert "<del>at ours</del>" in page or "<del>at</del>" in page
    assert "<ins>with</ins>" in page
    assert "Version 2" in page
    again = office.get(spot() + "?version=1").content.decode()
    assert f"{OURS}</textarea>" in again
    assert 'name="seen" value="2"' in again
    assert "see you at {clinic}" in office.get(spot() + "?version=0").content.decode()
    assert "with us: {link}</textarea>" in office.get(spot() + "?version=99").content.decode()


def test_speaking_as_tonus_comes_again_is_asked_once_and_keeps_the_versions(office, owner):
    save(owner)
    answer = office.post(spot(name="reset"), {"seen": "1"}, follow=True)
    said = text_of(answer)
    assert "“Reminder” speaks as Tonus comes again." in said
    assert "Version 2 , Olivia Owner" in said
    assert "see you at {clinic}, {when}. Confirm/change: {link} STOP to end</textarea>" in answer.content.decode()
    assert MessageTemplate.objects.count() == 2


@pytest.mark.parametrize("seen", ["0", "", "x"])
def test_what_somebody_else_has_changed_is_not_reset_unseen(office, owner, seen):
    save(owner)
    said = text_of(office.post(spot(name="reset"), {"seen": seen}, follow=True))
    assert "nothing was reset" in said
    assert MessageTemplate.objects.count() == 1


def test_of_very_many_versions_the_newest_are_shown(office, owner):
    for n in range(22):
        save(owner, OURS + "!" * n, seen=n)
    said = text_of(office.get(spot()))
    assert "Version 22" in said
    assert "Version 3 ," in said
    assert "Version 2 ," not in said
    assert "Older ones are kept as well." in said


@pytest.mark.parametrize("versions", [1, 4])
def test_the_editor_costs_the_same_however_many_versions_there_are(office, owner, versions, django_assert_num_queries):
    for n in range(versions):
        save(owner, OURS + "!" * n, seen=n)
    office.get(spot())
    with django_assert_num_queries(9):
        office.get(spot())


# -- Other words -----------------------------------------------------------------------------------------

OTHER = "?variant=Last+word"


def test_other_words_are_begun_under_a_name_from_the_usual_ones(office, owner):
    save(owner)
    answer = office.post(spot(name="other"), {"name": " Last word "}, follow=True)
    assert answer.redirect_chain == [(spot() + OTHER, 303)]
    said = text_of(answer)
    assert "Reminder: Last word" in said
    assert "The usual words" in said
    assert f"{OURS}</textarea>" in answer.content.decode()
    assert not MessageTemplate.objects.exclude(variant="").exists()
    answer = office.post(spot() + OTHER, {"text": "Soon: {when} {link}", "seen": "0"}, follow=True)
    assert answer.redirect_chain == [(spot() + OTHER, 303)]
    assert MessageTemplate.objects.get(variant="Last word").text == "Soon: {when} {link}"
    assert MessageTemplate.objects.get(variant="").text == OURS


def test_other_words_are_listed_below_the_usual_ones(office, owner):
    save(owner, "Soon: {when} {link}", variant="Last word")
    page = office.get(LIST).content.decode()
    assert f'href="{spot()}{OTHER}"' in page
    assert f'href="{spot(channel=EMAIL)}{OTHER}"' in page
    said = text_of(office.get(LIST))
    assert "Reminder: Last word for rules that ask for these words" in said
    assert "Reminder: Last word" in text_of(office.get(spot()))


def test_other_words_are_taken_back_for_the_usual_ones(office, owner):
    save(owner, "Soon: {when} {link}", variant="Last word")
    said = text_of(office.post(spot(name="reset") + OTHER, {"seen": "1"}, follow=True))
    assert "“Reminder: Last word” speaks in the usual words again." in said
    assert "Reminder: Last word for rules" not in text_of(office.get(LIST))


@pytest.mark.parametrize("name", ["", "a/b", "x" * 31, "<b>"])
def test_what_is_no_name_is_said_and_begins_nothing(office, name):
    answer = office.post(spot(name="other"), {"name": name}, follow=True)
    assert answer.redirect_chain == [(spot(), 303)]
    assert "A name is letters, digits and spaces, at most 30 of them." in text_of(answer)


def test_only_what_rules_ask_for_has_other_words(office):
    assert "Other words" not in text_of(office.get(spot(Kind.VISIT_BOOKED)))
    assert office.get(spot(Kind.VISIT_BOOKED) + OTHER).status_code == 404
    assert office.post(spot(Kind.VISIT_BOOKED, name="other"), {"name": "Last word"}).status_code == 404
    assert office.get(spot() + "?variant=%3Cb%3E").status_code == 404


# -- Who may ---------------------------------------------------------------------------------------------


def test_the_words_are_the_owners(client, owner):
    client.force_login(front_desk())
    assert client.get(LIST).status_code == 403
    assert client.get(spot()).status_code == 403
    assert client.post(spot(), {"text": OURS, "seen": "0"}).status_code == 403
    assert client.post(spot(name="preview"), {"text": OURS}).status_code == 403
    assert client.post(spot(name="reset"), {"seen": "0"}).status_code == 403
    assert client.post(spot(name="other"), {"name": "Last word"}).status_code == 403
