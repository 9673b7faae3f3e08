"""Addresses of patients' pages. They hold random ids only: nothing personal stands in an address."""

from django.urls import URLPattern, path

from patients.sections import EVERY, Section
from patients.views import care, facts, finding, merges, opened, papers, record, registering

app_name = "patients"


def of_section(section: Section) -> list[URLPattern]:
    """Add to, correct and strike entries of one list."""
    at, kind = f"<uuid:uid>/{section.kind}/", section.kind
    return [
        path(f"{at}add/", facts.adding(section), name=f"{kind}_add"),
        path(f"{at}<uuid:record>/", facts.correcting(section), name=f"{kind}_correct"),
        path(f"{at}<uuid:record>/void/", facts.voiding(section), name=f"{kind}_void"),
    ]


urlpatterns = [
    path("", finding.find, name="search"),
    path("new/", registering.register, name="register"),
    path("new/duplicates/", registering.duplicates, name="duplicates"),
    path("opened/", opened.opened, name="opened"),
    path("opened/<uuid:uid>/review/", opened.review, name="opened_review"),
    path("<uuid:uid>/", record.patient, name="patient"),
    path("<uuid:uid>/particulars/", record.correct, name="correct"),
    path("<uuid:uid>/consent/", record.ask_consent, name="consent"),
    path("<uuid:uid>/consent/said/", record.say_consent, name="consent_said"),
    path("<uuid:uid>/deactivate/", record.deactivate, name="deactivate"),
    path("<uuid:uid>/reactivate/", record.reactivate, name="reactivate"),
    path("<uuid:uid>/changes/", record.history, name="changes"),
    path("<uuid:uid>/allergy/none-known/", facts.no_known_allergies, name="no_known_allergies"),
    path("<uuid:uid>/medication/<uuid:record>/stop/", facts.stop_medication, name="medication_stop"),
    *(pattern for section in EVERY.values() for pattern in of_section(section)),
    path("<uuid:uid>/documents/file/", papers.file, name="document_file"),
    path("<uuid:uid>/documents/<uuid:record>/", papers.document, name="document"),
    path("<uuid:uid>/documents/<uuid:record>/correct/", papers.correct, name="document_correct"),
    path("<uuid:uid>/documents/<uuid:record>/void/", papers.void, name="document_void"),
    path("<uuid:uid>/care-team/", care.team, name="care_team"),
    path("<uuid:uid>/care-team/assign/", care.assign, name="care_team_assign"),
    path("<uuid:uid>/care-team/<uuid:practitioner>/leave/", care.dismiss, name="care_team_leave"),
    path("<uuid:uid>/open/", care.open_record, name="open"),
    path("<uuid:uid>/merge/", merges.choose, name="merge_choose"),
    path("<uuid:uid>/merge/<uuid:other>/", merges.merge, name="merge"),
    path("<uuid:uid>/unmerge/", merges.unmerge, name="unmerge"),
]
