"""The clinic's rules of when patients are written to."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.access import Can, requires
from clinic.forms import add_refusal
from clinic.messaging_states import Channel, MessagePurpose
from clinic.models import Clinic
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest
from scheduling import due, message_rules
from scheduling.forms.message_rules import MessageRuleForm, WhichRulesForm, purpose_of
from scheduling.models import MessageRule
from scheduling.models.message_rules import ANCHORS

#: What each kind of rule is for: the heading, what it does, what to press, and when there is none.
ABOUT: dict[MessagePurpose, tuple[str, str, str, str]] = {
    MessagePurpose.VISIT_REMINDER: (
        "Reminders of visits",
        "Any number before each visit. Rules for one service or location replace the general ones there.",
        "Add a reminder",
        "Nobody is reminded of a visit, save those who chose a time of their own.",
    ),
    MessagePurpose.RECALL: (
        "Invitations to book",
        "After the last visit, while sessions of the plan are left and nothing is booked. Once for each such gap.",
        "Add an invitation",
        "Nobody is invited. Whose plan is not finished, with nothing booked, stays silent.",
    ),
    MessagePurpose.PLAN_REVIEW: (
        "Review of the plan",
        "Before the day of the review, unless a visit near it or later is booked.",
        "Add a message",
        "Nobody is told that the review of their plan is near.",
    ),
    MessagePurpose.EXERCISE_NUDGE: (
        "Exercises at home",
        "To those who have their page of exercises and have ticked nothing for some days. Once for each such gap.",
        "Add a message",
        "Nobody is reminded of exercises.",
    ),
    MessagePurpose.INVOICE: (
        "Invoices",
        "When an invoice was issued, and while it is not paid. By text message without its amount and number.",
        "Add a message",
        "Nobody is written to about invoices: hand them over, or post them.",
    ),
}


@dataclass(frozen=True)
class Section:
    """The rules of one purpose."""

    purpose: MessagePurpose
    title: str
    what: str
    add: str
    empty: str
    rules: list[MessageRule]


@require_safe
@requires(Can.MANAGE_RESOURCES)
def listing(request: StaffRequest) -> HttpResponse:
    """All rules in force, by what they are for; and which of them hold for one kind of visit."""
    rules = list(MessageRule.objects.in_force().for_page())
    form = WhichRulesForm(request.GET if "channel" in request.GET else None)
    context = {
        "sections": [
            Section(purpose, *ABOUT[purpose], [rule for rule in rules if rule.purpose == purpose])
            for purpose in ANCHORS
        ],
        "which": form,
        "holding": _holding(form, rules) if form.is_bound and form.is_valid() else None,
        "clinic": Clinic.objects.first(),
    }
    return page(request, "scheduling/setup/message_rules.html", context)


def _holding(form: WhichRulesForm, rules: list[MessageRule]) -> list[MessageRule]:
    said = form.cleaned_data
    service, location = said["service"], said["location"]
    return due.applying(
        [rule for rule in rules if rule.purpose == MessagePurpose.VISIT_REMINDER],
        service_id=service.pk if service else None,
        location_id=location.pk if location else None,
        channel=said["channel"] or Channel.EMAIL,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Can.MANAGE_RESOURCES)
def add(request: StaffRequest) -> HttpResponse:
    """A new rule; of what, the address says."""
    purpose = purpose_of(request.GET.get("for", ""))
    form = MessageRuleForm(posted(request), purpose=purpose)
    if request.method == "POST" and form.is_valid():
        try:
            rule = message_rules.add(**form.facts(), by=request.user, now=request.now)
        except message_rules.RuleRefused as refusal:
            add_refusal(form, refusal, "amount")
        else:
            messages.success(request, f"Patients are written to {rule}. What is planned follows within five minutes.")
            return go_to(request, "scheduling:message_rules")
    return _form(request, form, ABOUT[purpose][2])


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Can.MANAGE_RESOURCES)
def change(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Another length or way for the same visits: a new rule in its place."""
    rule = get_object_or_404(MessageRule.objects.in_force().select_related("service", "location"), uid=uid)
    purpose = MessagePurpose(rule.purpose)
    form = MessageRuleForm(posted(request), purpose=purpose, rule=rule)
    if request.method == "POST" and form.is_valid():
        facts = {name: form.facts()[name] for name in ("minutes", "channel", "anchor", "variant")}
        try:
            rule = message_rules.change(rule, **facts, by=request.user, now=request.now)
        except message_rules.RuleRefused as refusal:
            add_refusal(form, refusal, "amount")
        else:
            messages.success(request, f"Now {rule}. What is planned follows within five minutes.")
            return go_to(request, "scheduling:message_rules")
    return _form(request, form, f"{rule.get_purpose_display()}, {rule}", rule=rule)


@require_POST
@requires(Can.MANAGE_RESOURCES)
def retire(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Nobody is written to by it any more."""
    rule = get_object_or_404(MessageRule, uid=uid)
    message_rules.retire(rule, by=request.user, now=request.now)
    messages.success(request, f"No more messages {rule}. What was planned is stopped within five minutes.")
    return go_to(request, "scheduling:message_rules")


def _form(request: StaffRequest, form: MessageRuleForm, title: str, **more: Any) -> HttpResponse:
    about = ABOUT[form.purpose]
    context = {"form": form, "title": title, "what": about[1], **more}
    return page(request, "scheduling/setup/message_rule_form.html", context, status=422 if form.errors else 200)
