from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.forms import TonusForm


class ReasonForm(TonusForm):
    """Why not, in the patient's own words; may be left empty."""

    reason = forms.CharField(
        label=_("Anything we should know? You can leave this empty."),
        required=False,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "maxlength": 200}),
        error_messages={"max_length": _("Please use at most 200 characters.")},
    )


class OtherTimeForm(TonusForm):
    """When would suit the patient, in their own words."""

    wish = forms.CharField(
        label=_("When would suit you? For example: Tuesdays after 4."),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "maxlength": 500}),
        error_messages={"max_length": _("Please use at most 500 characters.")},
    )
