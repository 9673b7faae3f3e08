"""What the desk types about money. Every slip gets a sentence beside its field; nothing typed is lost."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from billing import journal
from billing.models import Charge, Invoice, InvoiceLine, Method, Payment
from billing.pricing import LARGEST, ZERO, Sums
from clinic.forms import DateInput, TonusForm, refuse_future
from clinic.models import Location

#: Money that came by bank may be entered this long after.
LATEST_ENTRY = timedelta(days=120)

_AMOUNT = re.compile(r"-?(\d{1,3}(,\d{3})+|\d+)?(\.\d*)?", re.ASCII)


class AmountField(forms.CharField):
    """Money as people write it: 80, 79.50, $1,234.50. Becomes Decimal, whole cents, never a float."""

    def __init__(self, *, least: Decimal = Decimal("0.01"), most: Decimal = LARGEST, **options: Any) -> None:
        self.least, self.most = least, most
        options.setdefault("max_length", 20)
        options.setdefault("error_messages", {"required": "Enter an amount."})
        options.setdefault(
            "widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "amount-input"})
        )
        super().__init__(**options)

    def prepare_value(self, value: Any) -> Any:
        return f"{value:.2f}" if isinstance(value, Decimal) else value

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        if not typed:
            return None
        return self._amount(typed.replace("$", "").replace("€", "").replace("£", "").replace(" ", ""))

    def _amount(self, typed: str) -> Decimal:
        if not _AMOUNT.fullmatch(typed) or not any(c.isdigit() for c in typed):
            raise ValidationError("Enter an amount such as 80 or 79.50.")
        amount = Decimal(typed.replace(",", ""))
        if amount < 0:
            raise ValidationError("Enter an amount without a minus sign.")
        if amount != amount.quantize(Decimal("0.01")):
            raise ValidationError("Amounts have two decimals at most.")
        if amount > self.most:
            raise ValidationError(f"Enter {self.most:,.2f} or less.")
        if amount < self.least:
            raise ValidationError(f"Enter {self.least:.2f} or more.")
        return amount.quantize(Decimal("0.01"))


class RateField(AmountField):
    """Per cent of tax; 0 where the service is exempt."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", "Tax, %")
        super().__init__(least=ZERO, most=Decimal("100.00"), **options)


class ReasonField(forms.CharField):
    def __init__(self, **options: Any) -> None:
        options.setdefault("label", "Reason")
        options.setdefault("max_length", 200)
        options.setdefault("error_messages", {"required": "Say why."})
        options.setdefault("widget", forms.TextInput(attrs={"autocomplete": "off"}))
        super().__init__(**options)


class KeyField(forms.UUIDField):
    """Sent along so that a double click acts once."""

    def __init__(self) -> None:
        super().__init__(widget=forms.HiddenInput, initial=uuid.uuid4)


def _location_field() -> forms.ModelChoiceField[Location]:
    return forms.ModelChoiceField(
        Location.objects.active().order_by("name"), to_field_name="uid", empty_label=None, label="Location"
    )


class UidChoice(forms.ModelMultipleChoiceField):
    """Several rows of ours by uid, as checkboxes drawn by the template."""

    def __init__(self, queryset: QuerySet[Any], **options: Any) -> None:
        super().__init__(queryset, to_field_name="uid", widget=forms.CheckboxSelectMultiple, **options)


class PriceForm(TonusForm):
    amount = AmountField(label="Price", least=ZERO, help_text="Without tax.")
    tax_rate = RateField(initial=ZERO, help_text="0 where health care is exempt.")
    valid_from = forms.DateField(label="From", widget=DateInput, help_text="The price before it ends that day.")

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_valid_from(self) -> date:
        day: date = self.cleaned_data["valid_from"]
        if abs(day - self.today) > timedelta(days=3 * 365):
            raise ValidationError("Choose a day within three years from today.")
        return day


class ChargeForm(TonusForm):
    """A charge entered at the desk."""

    description = forms.CharField(
        label="For", max_length=120, help_text="As it stands on the invoice: “Missed visit”, “Roll of tape”."
    )
    billing_code = forms.CharField(max_length=20, required=False, label="Billing code")
    service_on = forms.DateField(label="Day", widget=DateInput)
    quantity = forms.IntegerField(min_value=1, max_value=100, initial=1)
    unit_price = AmountField(label="Price each", least=ZERO)
    tax_rate = RateField(initial=ZERO)
    location = _location_field()

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_service_on(self) -> date:
        day: date = self.cleaned_data["service_on"]
        refuse_future(day, self.today)
        if day < self.today - timedelta(days=3 * 365):
            raise ValidationError("That is more than three years ago.")
        return day


class CorrectChargeForm(TonusForm):
    quantity = forms.IntegerField(min_value=1, max_value=100)
    unit_price = AmountField(label="Price each", least=ZERO)
    discount = AmountField(required=False, least=ZERO)
    discount_reason = forms.CharField(
        max_length=120, required=False, label="What the discount is for", help_text="Stands on the invoice."
    )
    tax_rate = RateField()
    reason = ReasonField(label="Why it is corrected", help_text="Kept in the record, not on the invoice.")
    revision = forms.IntegerField(widget=forms.HiddenInput)

    @staticmethod
    def initial_of(charge: Charge) -> dict[str, Any]:
        return {
            "quantity": charge.quantity,
            "unit_price": charge.unit_price,
            "discount": charge.discount or None,
            "discount_reason": charge.discount_reason,
            "tax_rate": charge.tax_rate,
            "revision": charge.revision,
        }

    def facts(self) -> dict[str, Any]:
        return {**self.cleaned_data, "discount": self.cleaned_data["discount"] or ZERO}


class ReasonForm(TonusForm):
    """Why, for verbs that ask nothing else."""

    reason = ReasonField()


class NewInvoiceForm(TonusForm):
    charges = UidChoice(Charge.objects.none(), error_messages={"required": "Choose at least one charge."})
    bill_to_name = forms.CharField(max_length=200, label="Bill to")
    bill_to_address = forms.CharField(
        max_length=400, required=False, label="Billing address", widget=forms.Textarea(attrs={"rows": 2})
    )
    due_on = forms.DateField(label="Due", widget=DateInput)
    message = forms.CharField(max_length=300, required=False, label="Note on the invoice")

    def __init__(self, *args: Any, charges: QuerySet[Charge], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["charges"].queryset = charges  # type: ignore[attr-defined]

    def clean_due_on(self) -> date:
        day: date = self.cleaned_data["due_on"]
        if day < self.today:
            raise ValidationError("The invoice cannot be due before it is issued.")
        if day > self.today + timedelta(days=366):
            raise ValidationError("Choose a day within a year.")
        return day


class CreditForm(TonusForm):
    """One amount a line, the whole rest to begin with."""

    reason = ReasonField(label="Why it is credited", help_text="Stands on the credit note.")
    charge_again = forms.TypedChoiceField(
        label="What becomes of the charges",
        choices=[("yes", "Put them back, to be corrected and invoiced again"), ("no", "Drop them: not to be charged")],
        coerce=lambda answer: answer == "yes",
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, left: dict[InvoiceLine, Sums], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.left = left
        for line, rest in left.items():
            self.fields[f"line-{line.pk}"] = AmountField(
                label=f"Credit of {line.description}",
                required=False,
                least=ZERO,
                most=rest.net,
                initial=rest.net,
                disabled=not rest.total,
            )

    @property
    def rows(self) -> list[tuple[InvoiceLine, Sums, forms.BoundField]]:
        """(line, what of it is left, its field)."""
        return [(line, rest, self[f"line-{line.pk}"]) for line, rest in self.left.items()]

    @property
    def nets(self) -> dict[int, Decimal]:
        return {
            line.pk: amount
            for line in self.left
            if (amount := self.cleaned_data.get(f"line-{line.pk}")) is not None and self.left[line].total
        }


class WriteOffForm(TonusForm):
    amount = AmountField()
    reason = ReasonField(label="Why the clinic gives up on it")


class PaymentForm(TonusForm):
    """Taking money: the amount is there already, the method is one press, the button the last."""

    amount = AmountField()
    method = forms.ChoiceField(
        choices=Method.choices, widget=forms.RadioSelect, error_messages={"required": "Choose how it was paid."}
    )
    invoices = UidChoice(Invoice.objects.none(), required=False)
    keep_rest = forms.BooleanField(
        required=False, label="Keep what is more than due as the patient's credit", help_text="For the next invoice."
    )
    location = _location_field()
    reference = forms.CharField(
        max_length=80, required=False, help_text="Cheque number, transfer or terminal reference."
    )
    value_on = forms.DateField(
        required=False, label="Dated", widget=DateInput, help_text="Only if it is not today, as on a bank statement."
    )
    key = KeyField()
    seen_open = AmountField(least=ZERO, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, invoices: QuerySet[Invoice], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["invoices"].queryset = invoices  # type: ignore[attr-defined]

    def clean_value_on(self) -> date | None:
        day: date | None = self.cleaned_data["value_on"]
        if day:
            refuse_future(day, self.today)
            if day < self.today - LATEST_ENTRY:
                raise ValidationError(f"That is more than {LATEST_ENTRY.days} days ago.")
        return day


class RefundForm(TonusForm):
    amount = AmountField()
    method = forms.ChoiceField(
        choices=Method.choices, widget=forms.RadioSelect, error_messages={"required": "Choose how it goes back."}
    )
    location = _location_field()
    reference = forms.CharField(max_length=80, required=False)
    reason = ReasonField(label="Why it goes back")
    key = KeyField()


class TillForm(TonusForm):
    counted = AmountField(label="Counted", least=ZERO, help_text="All cash in the till.")
    banked = AmountField(
        label="To the bank", least=ZERO, required=False, help_text="What you take out; the rest stays for tomorrow."
    )
    reason = ReasonField(required=False, label="Reason for a difference")
    key = KeyField()
    seen_expected = forms.DecimalField(widget=forms.HiddenInput, required=False, max_digits=12, decimal_places=2)


class JournalForm(TonusForm):
    """From which day to which."""

    first = forms.DateField(label="From", widget=DateInput)
    last = forms.DateField(label="To", widget=DateInput, help_text="Both days are in it.")

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        first, last = said.get("first"), said.get("last")
        if first and last and last < first:
            self.add_error("last", "The last day is before the first.")
        elif first and last and last - first >= journal.LONGEST:
            self.add_error("last", f"At most {journal.LONGEST.days} days at a time.")
        return said


def renew(form: forms.BaseForm, **hidden: Decimal) -> None:
    """After a refusal: what the desk sees now counts, all that was typed stays."""
    data = form.data.copy()  # type: ignore[attr-defined]
    for name, amount in hidden.items():
        data[name] = f"{amount:.2f}"
    form.data = data


def remembered_location(user: Any, locations: Sequence[Location]) -> Location | None:
    """Where this person last took money, else the first location in use."""
    last = Payment.objects.filter(received_by=user).select_related("location").order_by("-received_at", "-pk").first()
    if last and last.location in locations:
        return last.location
    return locations[0] if locations else None
