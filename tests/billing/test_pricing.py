"""Sums, without a database."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing import pricing
from billing.pricing import Sums
from billing.states import CHARGE_TRANSITIONS, INVOICE_TRANSITIONS, ChargeStatus, InvoiceState, invoice_state

amounts = st.decimals(min_value=0, max_value=Decimal("99999.99"), places=2)
rates = st.decimals(min_value=0, max_value=100, places=2)
lines = st.builds(
    lambda quantity, price, share, rate: pricing.line(
        quantity=quantity,
        unit_price=price,
        discount=(quantity * price * share / 100).quantize(Decimal("0.01"), rounding="ROUND_DOWN"),
        tax_rate=rate,
    ),
    st.integers(1, 100),
    amounts,
    st.integers(0, 100),
    rates,
)


@given(st.lists(lines, max_size=30))
def test_an_invoice_is_the_sum_of_its_lines(parts: list[Sums]) -> None:
    _check_total(parts)


@pytest.mark.long
@settings(max_examples=10_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(lines, max_size=30))
def test_ten_thousand_invoices_are_the_sums_of_their_lines(parts: list[Sums]) -> None:
    """P13."""
    _check_total(parts)


def _check_total(parts: list[Sums]) -> None:
    total = pricing.total(parts)
    assert total.net == sum((one.net for one in parts), Decimal(0))
    assert total.tax == sum((one.tax for one in parts), Decimal(0))
    assert total.total == sum((one.total for one in parts), Decimal(0))


@given(lines, st.data())
def test_a_line_credited_in_parts_is_credited_in_full_and_never_more(whole: Sums, data: st.DataObject) -> None:
    left, credited = whole, Sums(Decimal("0.00"), Decimal("0.00"))
    for _ in range(4):
        net = data.draw(st.decimals(min_value=0, max_value=left.net, places=2))
        part = pricing.part(left, net) if left.net else left
        left = Sums(left.net - part.net, left.tax - part.tax)
        credited = credited + part
        assert left.net >= 0
        assert left.tax >= 0
    assert credited + left == whole


@given(amounts, st.lists(amounts, max_size=10))
def test_a_payment_spread_over_what_is_due_adds_up(amount: Decimal, dues: list[Decimal]) -> None:
    parts = pricing.spread(amount, dues)
    assert all(0 <= part <= due for part, due in zip(parts, dues, strict=True))
    assert sum(parts, Decimal(0)) == min(amount, sum(dues, Decimal(0)))


def test_tax_is_rounded_once_a_line_and_half_a_cent_goes_up() -> None:
    assert pricing.line(quantity=1, unit_price=Decimal("0.50"), tax_rate=Decimal("5.00")).tax == Decimal("0.03")


def test_a_discount_larger_than_its_line_is_refused() -> None:
    with pytest.raises(ValueError, match="discount"):
        pricing.line(quantity=1, unit_price=Decimal(10), discount=Decimal("10.01"))


def test_the_tables_of_states_are_total() -> None:
    assert set(CHARGE_TRANSITIONS) == set(ChargeStatus)
    assert set(INVOICE_TRANSITIONS) == set(InvoiceState)


@pytest.mark.parametrize(
    ("paid", "credited", "written_off", "state"),
    [
        ("0", "0", "0", InvoiceState.ISSUED),
        ("1", "0", "0", InvoiceState.PARTLY_PAID),
        ("100", "0", "0", InvoiceState.PAID),
        ("60", "40", "0", InvoiceState.PAID),
        ("0", "40", "0", InvoiceState.ISSUED),
        ("0", "100", "0", InvoiceState.CREDITED),
        ("60", "0", "40", InvoiceState.WRITTEN_OFF),
    ],
)
def test_what_an_invoice_is_follows_from_its_figures(
    paid: str, credited: str, written_off: str, state: InvoiceState
) -> None:
    figures = {"paid": Decimal(paid), "credited": Decimal(credited), "written_off": Decimal(written_off)}
    assert invoice_state(is_issued=True, total=Decimal(100), **figures) is state
    assert invoice_state(is_issued=False, total=Decimal(100), **figures) is InvoiceState.DRAFT
