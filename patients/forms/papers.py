"""Filing a document, and correcting what it is called."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from clinic.forms import DateInput
from patients.forms.facts import FactForm
from patients.models import Document


class DocumentForm(FactForm):
    """What the document is."""

    class Meta:
        model = Document
        fields = ("kind", "title", "dated_on")
        widgets: ClassVar = {"dated_on": DateInput()}

    def clean_dated_on(self) -> date | None:
        dated: date | None = self.cleaned_data["dated_on"]
        if dated and dated > self.today:
            raise ValidationError("That is in the future.")
        return dated


class FileDocumentForm(DocumentForm):
    """What the document is, and its file."""

    upload = forms.FileField(
        label="File", widget=forms.FileInput(attrs={"accept": "application/pdf,image/jpeg,image/png"})
    )
    field_order = ("upload", "kind", "title", "dated_on")

    def said(self) -> dict[str, Any]:
        return dict(self.cleaned_data)
