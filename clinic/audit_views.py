"""The audit log as the owner reads it: who did what, who looked at whom. No clinical content is in it.

A composition file: it turns patient numbers into the uids that the log keeps, and back.
"""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from clinic import audit, time
from clinic.access import Can, requires
from clinic.models import AuditEvent, AuditSeal, Location, User
from clinic.models.audit import ActorKind
from clinic.office_forms import AuditFilter
from clinic.pages import page
from clinic.requests import StaffRequest
from patients.models import Patient

ROWS = 50


@requires(Can.SEE_AUDIT)
def audit_log(request: StaffRequest) -> HttpResponse:
    """A page of the log, newest first. A POST looks for something and leads to its page."""
    form = AuditFilter(request.POST or _typed(request), actions=_actions())
    if request.method == "POST" and form.is_valid():
        query = _query(form)
        if query is not None:
            return HttpResponseRedirect(f"{reverse('office:audit')}?{urlencode(query)}", status=303)
    status = 422 if request.method == "POST" else 200
    place = Location.objects.active().order_by("pk").first()
    rows = list(_found(request, place)[: ROWS + 1]) if status == 200 else []
    shown, more = rows[:ROWS], len(rows) > ROWS
    if status == 200:
        audit.viewed("audit", by=request.user, now=request.now, patient_uid=_uid(request.GET.get("patient")))
    last = AuditSeal.objects.order_by("-position").first()
    context = {
        "form": form,
        "rows": _with_numbers(shown),
        "older": _page_link(request, shown[-1].pk) if more else "",
        "newest": _page_link(request, None) if request.GET.get("before") else "",
        "filtered": any(request.GET.get(name) for name in ("patient", "who", "action", "on", "looks")),
        "place": place,
        "sealed": last,
        "unsealed": AuditEvent.objects.unsealed().count(),
    }
    return page(request, "office/audit.html", context, status=status)


def _query(form: AuditFilter) -> dict[str, str] | None:
    """The address of what is looked for: uids only. None, with a sentence, when there is no such patient."""
    data = form.cleaned_data
    query = {name: str(data[name]) for name in ("who", "action", "on", "looks") if data[name]}
    if data["patient"]:
        patient = _patient(data["patient"])
        if patient is None:
            form.add_error("patient", "No patient has that number.")
            return None
        query["patient"] = str(patient.uid)
    return query


def _patient(said: str) -> Patient | None:
    field = "number" if said.isdigit() else "uid"
    if field == "number" and len(said) > 9:
        return None
    return Patient.objects.filter(**{field: said}).first()


def _typed(request: StaffRequest) -> dict[str, str] | None:
    """The filter as it stands in the address, with the patient's number instead of the uid."""
    found: dict[str, str] = {name: request.GET.get(name, "") for name in ("who", "action", "on", "looks")}
    uid = _uid(request.GET.get("patient"))
    patient = Patient.objects.filter(uid=uid).first() if uid else None
    found["patient"] = patient.number_label if patient else ""
    return found if any(found.values()) else None


def _found(request: StaffRequest, place: Location | None) -> Any:
    """The rows asked for, by keyset: a page deep in a long log costs what the first does."""
    rows = AuditEvent.objects.select_related("seal").order_by("-pk")
    get = request.GET.get
    patient, who, day = _uid(get("patient")), get("who", ""), get("on", "")
    if get("before", "").isdigit():
        rows = rows.filter(pk__lt=int(get("before", "0")[:18]))
    if patient:
        rows = rows.filter(Q(patient_uid=patient) | Q(detail__patients__contains=[str(patient)]))
    if who in (ActorKind.LINK, ActorKind.SYSTEM):
        rows = rows.filter(actor_kind=who)
    elif _uid(who):
        rows = rows.filter(actor_uid=_uid(who))
    if get("action"):
        rows = rows.filter(action=get("action"))
    if get("looks") in ("acts", "looks"):
        rows = rows.filter(is_look=get("looks") == "looks")
    on = AuditFilter.base_fields["on"]
    if day:
        try:
            start, end = time.day_bounds(on.clean(day), place.tz if place else time.UTC)  # type: ignore[arg-type]
            rows = rows.filter(at__gte=start, at__lt=end)
        except (ValueError, ValidationError):
            return rows.none()
    return rows


def _with_numbers(rows: list[AuditEvent]) -> list[dict[str, Any]]:
    """Each row with the numbers of the patients it is about, and the names of the staff it is about."""
    about = {row.pk: _about(row) for row in rows}
    wanted = {uid for uids in about.values() for uid in uids}
    patients = {patient.uid: patient for patient in Patient.objects.filter(uid__in=wanted)}
    staff_uids = {row.subject_uid for row in rows if row.subject_uid and row.subject_kind == "clinic.user"}
    staff = dict(User.objects.filter(uid__in=staff_uids).values_list("uid", "name"))
    lines = []
    for row in rows:
        numbers = [patients[uid].number_label for uid in about[row.pk] if uid in patients]
        detail = {name: value for name, value in row.detail.items() if name != "patients"}
        person = staff.get(row.subject_uid) if row.subject_uid else None
        lines.append({"event": row, "numbers": numbers, "person": person, "detail": detail})
    return lines


def _about(row: AuditEvent) -> list[uuid.UUID]:
    """The patients that an entry names: one, or those of a list."""
    if row.patient_uid:
        return [row.patient_uid]
    return [uuid.UUID(uid) for uid in row.detail.get("patients", [])]


def _page_link(request: StaffRequest, before: int | None) -> str:
    query = {name: value for name, value in request.GET.items() if name != "before" and value}
    if before is not None:
        query["before"] = str(before)
    return f"{reverse('office:audit')}?{urlencode(query)}"


def _actions() -> list[str]:
    """What has ever been written down, for the list; looked up every ten minutes at most."""
    known: list[str] | None = cache.get("audit-actions")
    if known is None:
        known = sorted(AuditEvent.objects.order_by().values_list("action", flat=True).distinct())
        cache.set("audit-actions", known, 600)
    return known


def _uid(said: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(said) if said else None
    except ValueError:
        return None
