"""Forms as a browser finds them: every form of a page with its fields, and what a page says is wrong with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

TYPED = frozenset(
    {"text", "textarea", "password", "email", "date", "search", "number", "tel", "url", "month", "time", "color"}
)

_FIELDS = frozenset({"input", "textarea", "select", "option", "button"})
_LEADING = frozenset({"href", "src", "action", "formaction"})


@dataclass
class Field:
    """A field: its name, its kind, what it is sent with, and what it may be sent with."""

    name: str
    kind: str
    value: str = ""
    offered: list[str] = field(default_factory=list)
    id: str | None = None
    wrong: bool = False
    about: tuple[str, ...] = ()
    required: bool = False

    @property
    def typed(self) -> bool:
        """Tell whether people type into it."""
        return self.kind in TYPED


@dataclass
class Seen:
    """A form."""

    method: str
    action: str
    fields: list[Field] = field(default_factory=list)

    def of(self, name: str) -> Field | None:
        """Find a field."""
        return next((one for one in self.fields if one.name == name), None)

    def fields_of(self, name: str) -> list[Field]:
        """Find all fields of a name."""
        return [one for one in self.fields if one.name == name]


class Page:
    """Reads a page: its forms, its ids, where its summary of problems leads, and what no page of ours has."""

    def __init__(self, text: str, address: str) -> None:
        """Read it."""
        self._address, self._form, self._text, self._select = address, None, None, None
        self._previewed, self._worded = "", None
        self._forms_of: dict[str, Seen] = {}
        self.forms: list[Seen] = []
        self.ids: set[str] = set()
        self.problems: list[str] = []
        self.has_summary = False
        self.runs: list[str] = []
        self._in_summary = 0
        etree.fromstring(text, etree.HTMLParser(target=self))

    def start(self, tag: str, given: Mapping[str, str]) -> None:
        """Take in what begins."""
        self._note_what_runs(tag, given)
        if "id" in given:
            self.ids.add(given["id"])
        if "data-problems" in given:
            self.has_summary, self._in_summary = True, 1
        elif self._in_summary:
            self._in_summary += tag in ("div", "ul")
            if tag == "a":
                self.problems.append(given.get("href", ""))
        self._previewed = given.get("data-preview-of", self._previewed)
        if tag == "form":
            self._form = self._begun(given)
        if tag == "button" and self._form is not None and "formaction" in given:
            # the same fields, sent elsewhere: all of these forms read on together
            if self._form.action == self._address:
                self._form.action = given["formaction"]
            else:
                self.forms.append(Seen(self._form.method, given["formaction"], self._form.fields))
        if tag in _FIELDS:
            self._take_field(tag, given)

    def _note_what_runs(self, tag: str, given: Mapping[str, str]) -> None:
        if tag == "script" and ("src" not in given or "nonce" not in given):
            self.runs.append(f"<script {dict(given)}>")
        for name, value in given.items():
            if name.startswith("on"):
                self.runs.append(f"<{tag} {name}>")
            elif name in _LEADING and value.strip().lower().startswith(("javascript:", "data:")):
                self.runs.append(f"<{tag} {name}={value}>")

    def _begun(self, given: Mapping[str, str]) -> Seen:
        form = Seen(given.get("method", "get").lower(), given.get("action") or self._address)
        self.forms.append(form)
        if "id" in given:
            self._forms_of[given["id"]] = form
        if self._previewed:  # a script sends the same fields elsewhere while somebody types
            self.forms.append(Seen(form.method, self._previewed, form.fields))
            self._previewed = ""
        return form

    def _take_field(self, tag: str, given: Mapping[str, str]) -> None:
        form = self._forms_of.get(given.get("form", ""), self._form)
        name = given.get("name", "")
        if form is None or (tag != "option" and not name):
            return
        about = tuple(given.get("aria-describedby", "").split())
        more = {"id": given.get("id"), "wrong": given.get("aria-invalid") == "true", "about": about}
        if tag == "input":
            kind = "hidden" if "readonly" in given else given.get("type", "text")
            known = form.of(name)
            if kind in ("radio", "checkbox"):
                if known is None:
                    known = Field(name, kind, **more)
                    form.fields.append(known)
                known.offered.append(given.get("value", "on"))
                if "checked" in given:
                    known.value = given.get("value", "on")
            else:
                form.fields.append(Field(name, kind, given.get("value", ""), required="required" in given, **more))
        elif tag == "textarea":
            self._text = Field(name, "textarea", required="required" in given, **more)
            form.fields.append(self._text)
        elif tag == "select":
            self._select = Field(name, "select", **more)
            form.fields.append(self._select)
        elif tag == "option" and self._select is not None:
            if "value" in given:
                self._offer(given["value"], selected="selected" in given)
            else:
                self._worded = "selected" in given
        elif tag == "button":
            form.fields.append(Field(name, "button", given.get("value", "")))

    def _offer(self, value: str, *, selected: bool) -> None:
        assert self._select is not None
        if not self._select.offered or selected:
            self._select.value = value
        self._select.offered.append(value)

    def end(self, tag: str) -> None:
        """Take in what ends."""
        if self._in_summary and tag in ("div", "ul"):
            self._in_summary -= 1
        if tag == "form":
            self._form = None
        elif tag == "textarea":
            if self._text is not None:
                self._text.value = self._text.value.removeprefix("\n")
            self._text = None
        elif tag == "select":
            self._select = None

    def data(self, text: str) -> None:
        """Take in the text of a text area, and of an option that is sent as it is called."""
        if self._text is not None:
            self._text.value += text
        elif self._worded is not None:
            self._offer(text, selected=self._worded)
            self._worded = None

    def close(self) -> None:
        """Nothing is left when a page was read: it is the parser that asks for this."""
