"""Papers and pictures about a patient. The bytes lie outside the web root; here is what they are."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from patients.models.choices import DocumentKind
from patients.models.of_patient import OfPatient, OfPatientQuerySet
from patients.models.tracking import tracked

#: What may be filed, and how it is called in a download.
CONTENT_TYPES = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}


class DocumentQuerySet(OfPatientQuerySet["Document"]):
    def newest_first(self) -> DocumentQuerySet:
        return self.standing().order_by("-recorded_at", "-pk")


@tracked()
class Document(OfPatient):
    """A file that was examined before it was kept. Its bytes never change; its title and kind can be corrected."""

    kind = models.CharField(max_length=10, choices=DocumentKind.choices, default=DocumentKind.OTHER)
    title = models.CharField(max_length=120)
    dated_on = models.DateField("date on the document", null=True, blank=True)
    content_type = models.CharField(max_length=40, editable=False)
    size = models.PositiveIntegerField(editable=False)
    sha256 = models.CharField(max_length=64, editable=False)

    objects = DocumentQuerySet.as_manager()

    class Meta(OfPatient.Meta):
        constraints: ClassVar = [
            *OfPatient.Meta.constraints,
            models.CheckConstraint(condition=Q(kind__in=DocumentKind.values), name="document_kind_is_known"),
            models.CheckConstraint(
                condition=Q(content_type__in=list(CONTENT_TYPES)), name="document_is_of_a_kind_that_is_safe_to_show"
            ),
            models.CheckConstraint(condition=Q(size__gt=0), name="document_is_not_empty"),
            models.CheckConstraint(condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="document_has_a_fingerprint"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_image(self) -> bool:
        return self.content_type.startswith("image/")

    @property
    def file_name(self) -> str:
        """What a download is called: nothing personal."""
        return f"document-{str(self.uid)[:8]}.{CONTENT_TYPES[self.content_type]}"
