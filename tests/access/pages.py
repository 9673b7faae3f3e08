"""What a browser would find on a page: its links, and its forms with the values they were given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

#: (name, value) as it is sent.
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Input:
    """One field of a form: what it would send, what else it could, and whether something belongs there."""

    name: str
    kind: str
    value: str | None
    options: tuple[str, ...] = ()
    required: bool = False
    #: What the browser is told about figures: the least, the most, whether they have decimals.
    least: str = ""
    most: str = ""
    mode: str = ""


@dataclass(frozen=True)
class Form:
    """A form as rendered."""

    action: str
    method: str
    inputs: tuple[Input, ...]
    uploads: bool = False

    @property
    def key(self) -> tuple[str, str, tuple[str, ...]]:
        return urlsplit(self.action).path, self.method, tuple(sorted({each.name for each in self.inputs}))

    def pairs(self) -> Pairs:
        """What is sent when nobody types anything and presses the first button."""
        found, pressed = [], False
        for each in self.inputs:
            if each.kind == "submit":
                if each.name and not pressed:
                    found.append((each.name, each.value or ""))
                pressed = True
            elif each.value is not None and each.name and each.kind != "file":
                found.append((each.name, each.value))
        return tuple(found)

    def attempts(self) -> Iterator[Pairs]:
        """As it stands; with what is required; with one more word; with something in every empty field."""
        yield self.pairs()
        yield self._filled(lambda each: each.required)
        for each in self.inputs:
            if each.kind in ("text", "textarea") and each.value and each.mode != "decimal":
                longer = replace(each, value=f"{each.value} indeed")
                yield replace(self, inputs=tuple(longer if one is each else one for one in self.inputs)).pairs()
                break
        yield self._filled(lambda _: True)

    def _filled(self, wanted: Callable[[Input], bool]) -> Pairs:
        filled = [
            replace(each, value=plausible(each)) if not each.value and wanted(each) else each
            for each in self._one_of_each()
        ]
        return replace(self, inputs=tuple(filled)).pairs()

    def _one_of_each(self) -> list[Input]:
        """Of several radio buttons of one name, none of them chosen, only the last is thought of."""
        chosen = {each.name for each in self.inputs if each.kind == "radio" and each.value}
        last = {each.name: each for each in self.inputs if each.kind == "radio"}
        for each in self.inputs:
            if each.kind == "radio" and "yes" in each.options:
                last[each.name] = each
        return [
            each
            for each in self.inputs
            if each.kind != "radio" or (bool(each.value) if each.name in chosen else last[each.name] is each)
        ]


_PLAUSIBLE = {
    "date": "2026-11-20", "time": "10:00", "datetime-local": "2026-12-20T10:00", "email": "someone@patients.example",
    "tel": "(212) 555-0142", "search": "an", "url": "https://clinic.example", "password": "",
}  # fmt: skip
_DAYS = ("born_on", "happened", "started", "since", "done", "when", "subscriber_born_on")


def plausible(field_: Input) -> str | None:
    """Something that fits such a field."""
    if field_.kind in ("checkbox", "file", "submit", "hidden"):
        must = field_.kind == "checkbox" and field_.required
        return field_.options[0] if must else None if field_.kind == "checkbox" else field_.value
    if field_.kind in ("radio", "select"):
        return "yes" if "yes" in field_.options else next((option for option in field_.options if option), None)
    if field_.kind == "number":
        return field_.least if float(field_.least or 0) >= 1 else str(min(30, int(float(field_.most or 30))))
    if field_.kind == "datetime-local" and "end" in field_.name:
        return "2026-12-21T10:00"
    if field_.kind == "text" and field_.mode == "decimal":
        return "5.00"
    if field_.kind == "text" and field_.name.endswith(_DAYS):
        return "12 Mar 2019"
    return _PLAUSIBLE.get(field_.kind, "Some words")


@dataclass
class Page:
    """All that can be followed or sent from a page."""

    links: set[str] = field(default_factory=set)
    forms: list[Form] = field(default_factory=list)


_TOLD = {"least": "min", "most": "max", "mode": "inputmode"}


class _Open:
    """A form that is still being read."""

    def __init__(self, attrs: dict[str, str | None]) -> None:
        self.attrs, self.inputs = attrs, list[Input]()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: set[str] = set()
        self.forms: list[_Open] = []
        self.by_id: dict[str, _Open] = {}
        self.strays: list[tuple[str, Input, str | None]] = []
        self.form: _Open | None = None
        self.select: tuple[dict[str, str | None], list[tuple[str, bool]]] | None = None
        self.option: tuple[dict[str, str | None], str] | None = None
        self.area: tuple[dict[str, str | None], str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        for name in ("href", "hx-get") if tag != "link" else ():
            if said.get(name):
                self.links.add(str(said[name]))
        if tag == "form":
            self.form = _Open(said)
            self.forms.append(self.form)
            self.by_id[said.get("id") or ""] = self.form
        elif tag == "input":
            self._input(said)
        elif tag == "button" and (said.get("type") or "submit") == "submit":
            self._add(said, Input(said.get("name") or "", "submit", said.get("value") or ""))
        elif tag == "select":
            self.select = (said, [])
        elif tag == "option" and self.select:
            self._end_option()
            self.option = (said, "")
        elif tag == "textarea":
            self.area = (said, "")
        if said.get("hx-post") and tag not in ("form", "input"):
            self.forms.append(_Open({"action": said["hx-post"], "method": "post", "inside": "yes"}))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        elif tag == "option":
            self._end_option()
        elif tag == "select" and self.select:
            self._end_option()
            said, options = self.select
            values = [value for value, _ in options]
            chosen = [value for value, is_chosen in options if is_chosen] or (
                values[:1] if "multiple" not in said else []
            )
            for value in chosen or [None]:
                self._add(said, Input(said.get("name") or "", "select", value, tuple(values), "required" in said))
            self.select = None
        elif tag == "textarea" and self.area:
            said, text = self.area
            value = text.removeprefix("\n")
            self._add(said, Input(said.get("name") or "", "textarea", value, (), "required" in said))
            self.area = None

    def handle_data(self, data: str) -> None:
        if self.area:
            self.area = (self.area[0], self.area[1] + data)
        elif self.option:
            self.option = (self.option[0], self.option[1] + data)

    def _end_option(self) -> None:
        if self.option and self.select:
            said, text = self.option
            value = said["value"] if "value" in said else text.strip()
            self.select[1].append((value or "", "selected" in said))
        self.option = None

    def _input(self, said: dict[str, str | None]) -> None:
        kind = said.get("type") or "text"
        if kind in ("button", "reset", "image"):
            return
        value = said.get("value")
        if kind in ("checkbox", "radio"):
            option = "on" if value is None else value
            chosen = option if "checked" in said else None
            self._add(said, Input(said.get("name") or "", kind, chosen, (option,), "required" in said))
        else:
            said_of = {key: said.get(name) or "" for key, name in _TOLD.items()}
            self._add(said, Input(said.get("name") or "", kind, value or "", (), "required" in said, **said_of))

    def _add(self, said: dict[str, str | None], found: Input) -> None:
        if "disabled" in said:
            return
        if said.get("form") or said.get("formaction"):
            self.strays.append((said.get("form") or "", found, said.get("formaction")))
        elif self.form is not None:
            self.form.inputs.append(found)


def read(html: str, url: str) -> Page:
    """The links and forms of a page that was fetched from this address."""
    reader = _Reader()
    reader.feed(html)
    here = urlsplit(url).path
    page = Page({target for link in reader.links if (target := _ours(link, url))})
    for each in reader.forms:
        action = urljoin(url, each.attrs.get("action") or each.attrs.get("hx-post") or here)
        method = "post" if each.attrs.get("hx-post") else (each.attrs.get("method") or "get").lower()
        if method in ("get", "post") and _ours(action, url):
            uploads = each.attrs.get("enctype") == "multipart/form-data"
            page.forms.append(Form(action, method, tuple(each.inputs), uploads))
    for form_id, button, elsewhere in reader.strays:
        home = reader.by_id.get(form_id)
        if home is not None:
            action = urljoin(url, elsewhere or home.attrs.get("action") or here)
            page.forms.append(Form(action, (home.attrs.get("method") or "get").lower(), (*home.inputs, button)))
    return page


def _ours(link: str, url: str) -> str | None:
    """The address within the house, without its fragment; None for mail, telephone and the world outside."""
    whole = urlsplit(urljoin("http://testserver" + url, link))
    if whole.netloc != "testserver" or whole.scheme != "http" or whole.path.startswith("/static/"):
        return None
    return whole.path + (f"?{whole.query}" if whole.query else "")


def query_of(url: str) -> Pairs:
    return tuple(parse_qsl(urlsplit(url).query, keep_blank_values=True))
