"""What each URL with an id is tried on. A URL that is missing here is red: whoever adds one says what it is about."""

from __future__ import annotations

import uuid
from typing import Any

from clinic import opt_outs
from scheduling.models import MessageRule
from tests.access.machinery import Sample, Side
from tests.access.world import World
from treatments.models import PlanTemplate


def _uid(name: str) -> Sample:
    """<uuid:uid> of the side's object of that name."""
    return lambda side: {"uid": side.objects[name].uid}


def _record(name: str) -> Sample:
    """<uuid:uid> of the patient and <uuid:record> of one of their records."""
    return lambda side: {"uid": side.patient_uid, "record": side.objects[name].uid}


def _token(purpose: str) -> Sample:
    return lambda side: {"token": side.links[purpose]}


def _unsubscribes(side: Side) -> dict[str, Any]:
    """The signed name of the side's message, as its mail carries it."""
    return {"token": opt_outs.link_of(side.objects["message"]).rstrip("/").rpartition("/")[2]}


_PATIENT = (
    "patients:patient", "patients:correct", "patients:consent", "patients:consent_said", "patients:deactivate",
    "patients:reactivate", "patients:changes", "patients:no_known_allergies", "patients:injury_add",
    "patients:allergy_add", "patients:medication_add", "patients:condition_add", "patients:surgery_add",
    "patients:emergency_add", "patients:coverage_add", "patients:identifier_add", "patients:document_file",
    "patients:care_team", "patients:care_team_assign", "patients:open", "patients:merge_choose",
    "treatments:red_flags", "treatments:emergency", "treatments:clearance", "treatments:asked_today",
    "treatments:patient_panel", "treatments:episode_new", "treatments:note_new", "scheduling:patient_panel",
    "treatments:timeline", "treatments:outcomes_panel", "treatments:measures_ask", "treatments:spasm_diary",
    "treatments:spasm_diary_link",
    "scheduling:preferred_times",
    "billing:patient_panel", "billing:issue_open", "billing:new_invoice", "billing:add_charge",
    "billing:take_payment", "billing:use_credit",
)  # fmt: skip

_OBJECTS: dict[str, str] = {
    **dict.fromkeys(_PATIENT, "patient"),
    "treatments:episode": "episode",
    "treatments:episode_edit": "episode",
    "treatments:episode_examine": "episode",
    "treatments:episode_close": "open_episode",
    "treatments:diagnosis_new": "episode",
    "treatments:referral_new": "episode",
    "treatments:plan_new": "open_episode",
    "treatments:findings": "episode",
    "treatments:diagnosis_void": "diagnosis",
    "treatments:referral_void": "referral",
    "treatments:plan": "plan",
    "treatments:plan_print": "plan",
    "treatments:plan_revise": "plan",
    "treatments:plan_accept": "proposed_plan",
    "treatments:plan_end": "plan",
    **dict.fromkeys(("treatments:home", "treatments:home_paper", "treatments:home_link"), "home_plan"),
    "treatments:letter_start": "open_episode",
    **dict.fromkeys(("treatments:letter", "treatments:letter_preview", "treatments:letter_discard"), "letter"),
    "treatments:note": "note",
    "treatments:note_paper": "note",
    "treatments:chart": "draft",
    "treatments:autosave": "draft",
    "treatments:carry": "draft",
    "treatments:sign": "draft",
    "treatments:discard": "draft",
    "treatments:amend": "note",
    "treatments:chart_gate": "draft",
    "treatments:cosign": "note",
    "treatments:private_note": "private_note",
    **dict.fromkeys(("treatments:body_chart", "treatments:body_autosave", "treatments:body_carry"), "draft"),
    "treatments:body_heat": "plan",
    **dict.fromkeys(("treatments:body_history", "treatments:body_compare"), "patient"),
    "treatments:measure_strike": "measurement",
    "treatments:measures_withdraw": "measure_request",
    "treatments:spasm_diary_revoke": "spasm_diary",
    "treatments:spasm_diary_close": "spasm_diary",
    **dict.fromkeys(
        (
            f"scheduling:{act}"
            for act in (
                "visit",
                "move",
                "swap",
                "cancel",
                "confirm",
                "arrive",
                "start",
                "complete",
                "no_show",
                "undo",
                "drop",
                "undo_move",
                "open_chart",
            )
        ),
        "visit",
    ),
    "scheduling:group": "session",
    **{f"scheduling:group_{act}": "session" for act in ("seats", "call_off", "move", "drop", "undo_move")},
    "scheduling:plan_progress": "plan",
    "scheduling:referral_use": "episode",
    **{f"scheduling:waitlist_{act}": "entry" for act in ("entry", "change", "offer", "withdraw", "again")},
    **{f"scheduling:offer_{act}": "offer" for act in ("phoned", "taken", "declined", "take_back")},
    **dict.fromkeys(
        (f"scheduling:{act}" for act in ("series", "series_rest", "series_change", "series_call_off")), "series"
    ),
    "billing:charge": "charge",
    "billing:void_charge": "charge",
    "billing:invoice": "invoice",
    "billing:invoice_pdf": "invoice",
    "billing:issue": "draft_invoice",
    "billing:discard": "draft_invoice",
    "billing:credit": "invoice",
    "billing:write_off": "invoice",
    "billing:receipt": "payment",
    "billing:receipt_pdf": "payment",
    "billing:void_payment": "payment",
    "billing:refund": "payment",
    "patients:opened_review": "glass",
    "office:message": "message",
    "office:message_resolve": "message",
    "office:message_send": "message",
    "office:desk_task_done": "task",
    "scheduling:text": "text",
    "sms_status": "message",
}

_RECORDS = {
    **{f"patients:{kind}_{act}": kind for kind in (
        "injury", "allergy", "medication", "condition", "surgery", "emergency", "coverage", "identifier",
    ) for act in ("correct", "void")},
    "patients:medication_stop": "medication",
    "patients:document": "document",
    "patients:document_correct": "document",
    "patients:document_void": "document",
}  # fmt: skip


def samples(world: World) -> dict[str, Sample]:
    """By the full name of the URL."""

    def other(side: Side) -> Side:
        return world.b if side is world.a else world.a

    def alike(**kwargs: Any) -> Sample:
        """The same whoever the patient is: the URL is about none."""
        return lambda _side: dict(kwargs)

    def merge(side: Side) -> dict[str, Any]:
        return {"uid": side.patient_uid, "other": other(side).patient_uid}

    def leave(side: Side) -> dict[str, Any]:
        return {"uid": side.patient_uid, "practitioner": side.objects["practitioner"].uid}

    def unmerge(side: Side) -> dict[str, Any]:
        return {"uid": side.objects["duplicate"].uid}

    def from_injury(side: Side) -> dict[str, Any]:
        return {"uid": side.patient_uid, "injury": side.objects["injury"].uid}

    def measure(side: Side) -> dict[str, Any]:
        return {"uid": side.patient_uid, "slug": "nprs"}

    def entry(side: Side) -> dict[str, Any]:
        return {"token": side.links["spasm_diary"], "entry": side.objects["spasm_entry"].uid}

    somebody = alike(uid=world.desk.uid)
    template = PlanTemplate.objects.in_use().first()
    assert template is not None
    message_rule = MessageRule.objects.in_force().first()
    assert message_rule is not None
    kept = {"service": world.service, "room": world.room, "device": world.device}
    return {
        **{name: _uid(thing) for name, thing in _OBJECTS.items()},
        **{name: _record(thing) for name, thing in _RECORDS.items()},
        "patients:merge": merge,
        "patients:unmerge": unmerge,
        "patients:care_team_leave": leave,
        "treatments:episode_from_injury": from_injury,
        "treatments:snippet_edit": alike(uid=world.snippet.uid),
        "treatments:snippet_retire": alike(uid=world.snippet.uid),
        "treatments:supervision_end": alike(uid=world.supervision.uid),
        **{
            f"scheduling:{kind}_{act}": alike(uid=thing.uid)
            for kind, thing in kept.items()
            for act in ("change", "retire", "bring_back")
        },
        **{f"scheduling:message_rule_{act}": alike(uid=message_rule.uid) for act in ("change", "retire")},
        "scheduling:closure_remove": alike(uid=world.closure.uid),
        "scheduling:absence_remove": alike(uid=world.absence.uid),
        "scheduling:touched_by_absence": alike(uid=world.absence.uid),
        "scheduling:touched_by_closure": alike(uid=world.closure.uid),
        "scheduling:away": alike(uid=world.a.objects["practitioner"].uid),
        "scheduling:extra_hours_remove": alike(uid=world.extra_hours.uid),
        "portal:visit": _token("visit"),
        "portal:visits": _token("visits"),
        "portal:cancel": _token("visit"),
        "portal:move": _token("visit"),
        "portal:calendar": _token("visit"),
        "calendar_feed": _token("calendar"),
        **dict.fromkeys(("unsubscribe", "unsubscribe_again"), _unsubscribes),
        "scheduling:my_calendar_rotate": alike(uid=world.own_calendar.uid),
        "scheduling:my_calendar_revoke": alike(uid=world.own_calendar.uid),
        "scheduling:calendar_rotate": alike(uid=world.rooms_calendar.uid),
        "scheduling:calendar_revoke": alike(uid=world.rooms_calendar.uid),
        **{f"treatments:exercise{act}": alike(slug="bridge") for act in ("", "_change", "_retire", "_bring_back")},
        **{f"treatments:template_{act}": alike(uid=template.uid) for act in ("change", "retire", "bring_back")},
        "portal:home": _token("home"),
        "portal:home_paper": _token("home"),
        "portal:offer": _token("waitlist"),
        "portal:offer_decline": _token("waitlist"),
        "portal:measures": _token("measures"),
        "portal:diary": _token("spasm_diary"),
        "portal:diary_entry": entry,
        "portal:diary_remove": entry,
        "treatments:measure_take": measure,
        "treatments:rule": alike(name="TEC-03"),
        "treatments:threshold_change": alike(slug="nprs"),
        "treatments:threshold_of_movement": alike(slug="rom", movement="neck_flexion"),
        "choose_password": _token("password"),
        "billing:count_till": alike(uid=world.place.uid),
        "billing:set_price": alike(uid=world.service.uid),
        "office:staff_edit": somebody,
        "office:staff_deactivate": somebody,
        "office:staff_reactivate": somebody,
        "office:staff_invite": somebody,
        "office:staff_start_over": somebody,
        **{
            f"office:wording_{act}": alike(kind="visit_reminder", channel="sms", language="en")
            for act in ("edit", "preview", "other", "reset")
        },
        "office:location_edit": alike(uid=world.place.uid),
        "office:location_close": alike(uid=world.place.uid),
        "office:location_reopen": alike(uid=world.place.uid),
        "setup_step": alike(slug="clinic"),
        "mfa_edit_webauthn": alike(pk=1),
        "mfa_remove_webauthn": alike(pk=1),
        "discard_held": alike(uid=uuid.UUID(int=0)),
    }


#: URLs with two ids of which the second is not a record of the first: crossing them says nothing.
NOT_CROSSED = frozenset({"patients:merge", "patients:care_team_leave", "treatments:measure_take"})
