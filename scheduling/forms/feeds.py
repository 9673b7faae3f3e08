"""A calendar to subscribe to, as asked for by a therapist for themselves or by whoever runs the place."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django import forms

from clinic.forms import TonusForm
from clinic.models import Location
from scheduling import feeds
from scheduling.models import Room, Shows


class FeedForm(TonusForm):
    """Where it will be read, and how much it says."""

    label = forms.CharField(
        label="Where it will be read",
        max_length=60,
        help_text="So that you know later which one to revoke, such as “My phone”.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Say where it will be read, such as “My phone”."},
    )
    shows = forms.ChoiceField(
        label="What it says about a visit", choices=Shows.choices, initial=Shows.BUSY, widget=forms.RadioSelect
    )
    #: Made with the page, so that the same form sent twice makes one feed.
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, shows: list[tuple[str, str]], **kwargs: Any) -> None:
        kwargs["initial"] = {"key": uuid.uuid4(), "shows": Shows.BUSY} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        field = self.fields["shows"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = shows


class PlaceFeedForm(FeedForm):
    """Also of which room or location."""

    of = forms.ChoiceField(label="Calendar of")
    field_order = ("of", "label", "shows")

    def __init__(self, *args: Any, places: Iterable[Location], rooms: Iterable[Room], **kwargs: Any) -> None:
        super().__init__(*args, shows=feeds.choices_for(None, None), **kwargs)
        self.known: dict[str, feeds.Subject] = {f"location:{place.uid}": place for place in places}
        whole = [(value, str(place)) for value, place in self.known.items()]
        by_room: dict[str, feeds.Subject] = {f"room:{room.uid}": room for room in rooms}
        parts = [(value, f"{room}, {room.location}") for value, room in by_room.items()]  # type: ignore[union-attr]
        self.known |= by_room
        field = self.fields["of"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("Locations", whole), ("Rooms", parts)]

    @property
    def subject(self) -> feeds.Subject:
        return self.known[self.cleaned_data["of"]]
