"""What Dana does with what was signed: charge, invoice, payment, receipt, and the day's takings."""

from __future__ import annotations

import re
from decimal import Decimal

from playwright.sync_api import expect

from tests.journeys.papers import text_of
from tests.journeys.people import Person, field

PRICE = Decimal("78.00")


def dollars(words: str) -> Decimal:
    found = re.search(r"\$\s*([\d,]+\.\d\d)", words)
    assert found, words
    return Decimal(found[1].replace(",", ""))


def takings_so_far(dana: Person) -> Decimal:
    dana.page.goto("/billing/takings/")
    return dollars(dana.page.locator("tfoot tr").first.inner_text().split("\n")[-1].split("\t")[-1])


def then_the_charge_of_the_signed_note_waits(dana: Person) -> None:
    dana.page.goto("/billing/")
    row = dana.page.locator(".money-row", has_text="Ana Reyes")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("1 charge")
    expect(row).to_contain_text(f"${PRICE}")
    dana.looks("billing-day")


def when_the_front_desk_issues_the_invoice(dana: Person) -> None:
    dana.presses("Issue invoice for Ana Reyes")
    dana.page.wait_for_url(re.compile(r"/billing/invoices/[0-9a-f-]{36}/$"))
    dana.sees("Ana Reyes", "Massage 45", f"${PRICE}", "Locked")
    dana.looks("invoice")


def then_the_invoice_is_a_paper_that_says_the_same(dana: Person) -> str:
    """Answers with its number."""
    number = dana.page.locator("h1 .tabular").first.inner_text().strip()
    paper = text_of(dana.downloads(f"{dana.page.url}pdf/"))
    for words in (number, "Ana Reyes", "Massage 45", str(PRICE), "Harbor Back & Muscle Clinic"):
        assert words in paper, f"{words!r} is not in: {paper}"
    return number


def when_the_front_desk_takes_the_payment(dana: Person) -> None:
    dana.follows("Take payment")
    expect(dana.page.get_by_label(field("Amount"))).to_have_value(str(PRICE))
    dana.page.locator(".segment", has_text="Card").locator("label").click()
    dana.looks("payment")
    dana.presses("Take payment")
    dana.page.wait_for_url(re.compile(r"/billing/receipts/[0-9a-f-]{36}/$"))


def then_the_receipt_is_printed(dana: Person, *, invoice: str) -> None:
    number = dana.page.locator("h1 .tabular").first.inner_text().strip()
    dana.sees(f"${PRICE}", "Card", invoice, "taken by Dana Whitfield")
    dana.looks("receipt")
    paper = text_of(dana.downloads(f"{dana.page.url}pdf/"))
    for words in (number, invoice, "Ana Reyes", str(PRICE)):
        assert words in paper, f"{words!r} is not in: {paper}"


def then_the_takings_of_the_day_agree(dana: Person, *, before: Decimal) -> None:
    assert takings_so_far(dana) == before + PRICE
    expect(dana.page.get_by_text("Payments and ledger disagree")).to_have_count(0)
    dana.sees("Ana Reyes", "Card")
    dana.looks("takings")
