"""The owner brings the words of a licensed form, as text or as a file, and says by what right they are used."""

from __future__ import annotations

from typing import Any

from django import forms

from clinic.forms import TonusForm
from treatments.outcomes import licensed
from treatments.outcomes.licensed import MOST_TEXT, NotAForm, Words


class LicensedWordsForm(TonusForm):
    text = forms.CharField(
        label="The form",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false"}),
    )
    file = forms.FileField(
        label="Or a text file with it", required=False, widget=forms.FileInput(attrs={"accept": ".txt"})
    )
    licence = forms.CharField(
        label="By which licence",
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Who licensed it to this clinic, under what number, until when. Kept with your name and the day.",
    )
    holds = forms.BooleanField(label="This clinic holds a licence to use these words on a screen.")
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, files: Any = None, **kwargs: Any) -> None:
        if data is not None and files and "file" in files:
            data = data.copy()
            data["text"] = files["file"].read(4 * MOST_TEXT).replace(b"\x00", b"\xff").decode(errors="replace")
            files = None
        super().__init__(data, files, **kwargs)

    def clean_text(self) -> Words:
        text = self.cleaned_data["text"]
        if not text.strip():
            raise forms.ValidationError("Put the form here, or choose a file.")
        if "\ufffd" in text:
            raise forms.ValidationError("This is not plain text in UTF-8.")
        try:
            return licensed.read(text)
        except NotAForm as sentence:
            raise forms.ValidationError(str(sentence)) from sentence


class StopUsingForm(TonusForm):
    why = forms.CharField(label="Why it is no longer used", max_length=400)
    seen = forms.IntegerField(widget=forms.HiddenInput)
