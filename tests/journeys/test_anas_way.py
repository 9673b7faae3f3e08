"""Ana's whole way, from the front door to a paid visit, in a real browser against a clinic that really runs.

Nothing is stood in for: `manage.py up` starts the databases, the web server, the worker, the beat and the mail
server; the mail is read where it arrived, and its link opened at the size of a telephone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.journeys import at_home, care, front_desk, money
from tests.journeys.people import DESK, IN_A_BROWSER, PHONE, TABLET, Person

pytestmark = [*IN_A_BROWSER]
Arrival = Callable[..., Person]


@pytest.fixture
def someone(clinic, browser) -> Iterator[Arrival]:
    """Opens a browser for one more person; in the end nobody's may have met an error of the clinic."""
    here: list[Person] = []

    def arrives(*, screen: tuple[int, int] = DESK, signing_in_as: str = "") -> Person:
        person = Person(browser, clinic.address, screen=screen, zone=str(front_desk.ZONE))
        here.append(person)
        if signing_in_as:
            person.sign_in(signing_in_as)
        return person

    yield arrives
    for person in here:
        person.context.close()


def test_ana_goes_from_the_front_door_to_a_paid_visit(someone):
    dana = someone(signing_in_as="desk@tonus.example")
    front_desk.when_the_front_desk_registers_ana(dana)
    front_desk.then_all_that_ana_told_stands_on_her_record(dana)
    record = dana.page.url

    front_desk.when_the_front_desk_opens_an_episode(dana)
    front_desk.when_the_front_desk_finds_the_diagnosis_by_typing_its_words(dana)
    front_desk.when_the_front_desk_records_the_referral_with_its_paper(dana)
    episode = front_desk.then_diagnosis_and_referral_stand_on_the_episode_with_the_paper(dana)

    imani = someone(screen=TABLET, signing_in_as="therapist@tonus.example")
    care.then_the_record_is_closed_to_who_does_not_treat_her(imani, record, episode)
    front_desk.when_the_front_desk_puts_ana_into_the_therapists_care(dana, record)
    care.when_the_therapist_records_what_she_found(imani, episode)
    care.when_the_therapist_writes_the_plan(imani)
    care.then_the_plan_lists_all_three_kinds(imani)
    care.when_ana_agrees_to_the_plan(imani)

    front_desk.when_the_front_desk_books_a_massage_of_the_plan_for_tomorrow(dana, record)
    tomorrows = front_desk.then_the_visit_has_a_therapist_and_a_room(dana)

    ana = someone(screen=PHONE)
    link = at_home.then_a_mail_with_a_link_arrives(ana)
    front_desk.then_the_log_says_that_the_mail_was_sent(dana, record)
    at_home.when_ana_opens_the_link_on_her_telephone(ana, link)
    front_desk.then_the_diary_shows_it(dana, confirmed=False)
    at_home.when_ana_says_that_she_comes(ana)
    front_desk.then_the_diary_shows_it(dana, confirmed=True)
    at_home.then_the_link_offers_nothing_more_to_confirm(ana, link)

    care.then_tomorrows_visit_cannot_be_charted_yet(imani, tomorrows)
    front_desk.when_ana_is_also_fitted_in_today(dana, record)
    care.when_the_therapist_charts_the_visit_on_a_tablet(imani)
    care.when_the_therapist_signs(imani)
    care.then_the_note_is_locked(imani)

    before = money.takings_so_far(dana)
    money.then_the_charge_of_the_signed_note_waits(dana)
    money.when_the_front_desk_issues_the_invoice(dana)
    invoice = money.then_the_invoice_is_a_paper_that_says_the_same(dana)
    money.when_the_front_desk_takes_the_payment(dana)
    money.then_the_receipt_is_printed(dana, invoice=invoice)
    money.then_the_takings_of_the_day_agree(dana, before=before)

    front_desk.when_the_front_desk_looks_for_somebody_from_whatever_page(dana)
    front_desk.then_arrows_lead_to_the_record_and_to_booking(dana)
    front_desk.then_one_more_press_books_a_visit(dana)
