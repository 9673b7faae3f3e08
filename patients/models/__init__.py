"""Whom it is done for. One file a noun; everything can be imported from here."""

from patients.models.care_team import BreakGlass, CareTeamMember, GlassReview
from patients.models.choices import (
    AllergyKind,
    AllergyStatus,
    Cause,
    Channel,
    ConsentSource,
    DocumentKind,
    DrugClass,
    IdentifierKind,
    Joining,
    Precision,
    Relationship,
    Severity,
    Sex,
)
from patients.models.contact import ContactConsent, EmergencyContact
from patients.models.cover import Coverage, Identifier
from patients.models.document import Document
from patients.models.history import Allergy, Condition, Injury, Medication, Surgery
from patients.models.merge import Merge
from patients.models.name_word import NameWord
from patients.models.of_patient import OfPatient, OfPatientQuerySet
from patients.models.patient import Patient, PatientQuerySet

__all__ = [
    "Allergy",
    "AllergyKind",
    "AllergyStatus",
    "BreakGlass",
    "CareTeamMember",
    "Cause",
    "Channel",
    "Condition",
    "ConsentSource",
    "ContactConsent",
    "Coverage",
    "Document",
    "DocumentKind",
    "DrugClass",
    "EmergencyContact",
    "GlassReview",
    "Identifier",
    "IdentifierKind",
    "Injury",
    "Joining",
    "Medication",
    "Merge",
    "NameWord",
    "OfPatient",
    "OfPatientQuerySet",
    "Patient",
    "PatientQuerySet",
    "Precision",
    "Relationship",
    "Severity",
    "Sex",
    "Surgery",
]
