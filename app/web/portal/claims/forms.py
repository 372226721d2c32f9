"""The form of an invoice that is registered: header, lines, and beside each field what a service found wrong."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf.file import MultipleFileField
from wtforms import BooleanField, FieldList, FormField, HiddenField, SelectField, StringField
from wtforms.validators import Length

from app.domain.documents.serials import serials_in
from app.domain.saying.reasons import sentences
from app.web import formats
from app.web.addresses import whole_number
from app.web.forms.fields import DayField, MoneyField, QuantityField
from app.web.forms.form import CodeField, Form, RowForm, choice
from verification.claiming.claimed import LONGEST_NUMBER, MOST_LINES, ClaimedInvoice, ClaimedLine, Problem
from verification.claiming.claims import LONGEST_KEY, Suggestion
from verification.claiming.filling import Filled
from verification.claiming.proofs import ProofRefused

_PIECE = 1_000


class LineForm(RowForm):
    """One line of the invoice."""

    may_look_like_cards: ClassVar[frozenset[str]] = frozenset({"product", "serials"})

    product = StringField(_("Product"), [Length(max=200)])
    product_id = HiddenField()
    position = HiddenField()
    discount = BooleanField(_("A discount"))
    quantity = QuantityField(_("Quantity"))
    price = MoneyField(_("Net price of one"))
    net = MoneyField(_("Net amount"))
    gross = MoneyField(_("Gross amount"))
    serials = StringField(
        _("Serial numbers"),
        [Length(max=4_000)],
        description=_("Of products whose units are numbered: one for each unit, with commas between."),
    )
    may_be: Sequence[Suggestion] = ()

    def line(self, names: Mapping[int, Suggestion]) -> ClaimedLine:
        """Give what could be read of what was typed. A product that was chosen stays so as long as its name does."""
        typed, chosen = _text(self.product), whole_number(self.product_id.data)
        position = whole_number(self.position.data)
        takes_off = position is None and bool(self.discount.data)
        price, net, gross = (
            _taken_off(one.data) if takes_off else one.data for one in (self.price, self.net, self.gross)
        )
        quantity = self.quantity
        known = names.get(chosen) if chosen is not None else None
        return ClaimedLine(
            said=typed,
            product_id=chosen if known is not None and typed == known.name else None,
            quantity_milli=_PIECE if takes_off and not (quantity.data or quantity.errors) else quantity.data,
            price_minor=price,
            net_minor=net,
            gross_minor=gross,
            position=position,
            serials=serials_in(_text(self.serials)),
            takes_off=takes_off,
        )

    def chosen(self) -> int | None:
        """Give the product that was chosen from what was proposed."""
        return whole_number(self.product_id.data)


class ClaimForm(Form):
    """An invoice."""

    may_look_like_cards: ClassVar[frozenset[str]] = frozenset({"ksef_number", "ksef_link"})

    key = HiddenField(validators=[Length(max=LONGEST_KEY)])
    number = CodeField(_("Number of the invoice"), [Length(max=LONGEST_NUMBER)])
    issued_on = DayField(_("Issued on"))
    seller_tax_id = CodeField(
        _("Tax id of the seller"), [Length(max=32)], description=_("Only where somebody else issued the invoice.")
    )
    ksef_number = StringField(
        _("KSeF number"), [Length(max=60)], description=_("Where the invoice is in KSeF: it stands beside its QR code.")
    )
    ksef_link = StringField(
        _("What its QR code says"),
        [Length(max=300)],
        description=_("The address that begins with https://qr.ksef.mf.gov.pl"),
    )
    person = SelectField(_("Whose sale it was"), default="")
    lines = FieldList(FormField(LineForm), max_entries=MOST_LINES)
    files = MultipleFileField(_("Photo, PDF or e-invoice"))
    photo = MultipleFileField(_("Take a photo"))

    @staticmethod
    def showing(invoice: ClaimedInvoice, key: str, person: str | None, names: Mapping[int, Suggestion]) -> "ClaimForm":
        """Write an invoice into a form; there is always a line to type into."""
        lines = [_shown(line, names) for line in invoice.lines] or [{}]
        form = ClaimForm(
            formdata=None,
            data={
                "key": key,
                "number": invoice.number,
                "issued_on": invoice.issued_on,
                "seller_tax_id": invoice.seller_tax_id,
                "ksef_number": invoice.ksef_number,
                "ksef_link": invoice.ksef_link,
                "person": person or "",
                "lines": lines,
            },
        )
        for entry, line in zip(form.lines.entries, invoice.lines, strict=False):
            entry.form.may_be = [names[id_] for id_ in line.may_be if id_ in names and line.product_id is None]
        return form

    def offer(self, reps: Iterable[tuple[str, str]]) -> None:
        """Offer whose sale it may have been: nobody's, or a sales rep's, by the name in the distributor's documents."""
        self.person.choices = [choice("", gettext("the company’s")), *(choice(value, text) for value, text in reps)]

    def invoice(self, names: Mapping[int, Suggestion]) -> ClaimedInvoice:
        """Give what could be read of what was typed."""
        return ClaimedInvoice(
            number=_text(self.number),
            issued_on=self.issued_on.data,
            seller_tax_id=_text(self.seller_tax_id),
            ksef_number=_text(self.ksef_number),
            ksef_link=_text(self.ksef_link),
            lines=tuple(one.form.line(names) for one in self.lines.entries),
        )

    def brought(self) -> list[Any]:
        """Give the files that were attached."""
        return [one for field in (self.files, self.photo) for one in field.data or () if one and one.filename]

    def chosen(self) -> list[int]:
        """Give the products that were chosen."""
        return [id_ for one in self.lines.entries if (id_ := one.form.chosen()) is not None]

    def add_line(self) -> None:
        """Put an empty line at the end."""
        if len(self.lines.entries) < MOST_LINES:
            self.lines.append_entry({})

    def remove_line(self, place: int) -> None:
        """Take a line out, by its place among those that are shown."""
        if 0 <= place < len(self.lines.entries):
            del self.lines.entries[place]
        if not self.lines.entries:
            self.add_line()

    def blame(self, problems: Sequence[Problem]) -> None:
        """Write what a service found wrong beside the field it concerns."""
        for one in problems:
            field = self._concerned(one)
            field.errors = [*field.errors, sentence(one)]

    def filled(self, names: Mapping[int, Suggestion]) -> list[int]:
        """Give the places of the lines in which something was typed, readable or not."""
        return [at for at, one in enumerate(self.lines.entries) if one.form.errors or one.form.line(names)]

    def blame_what_was_read(self, problems: Sequence[Problem]) -> None:
        """Write what a service found wrong beside fields that could be read, where others could not.

        Of those that could not there is a reason already; that they are missing, or what follows from it, is none.
        """
        wrong = {id(one) for one in self._fields.values() if one.errors}
        wrong |= {id(one) for entry in self.lines.entries for one in entry.form if one.errors}

        def follows(one: Problem) -> bool:
            beside = [replace(one, field=name) for name in _FOLLOWS_FROM.get(one.code, ())]
            return any(id(self._concerned(other)) in wrong for other in (one, *beside))

        self.blame([one for one in problems if not follows(one)])

    def _concerned(self, problem: Problem) -> Any:
        """Give the field that a problem is about."""
        if problem.line is not None:
            return self.lines.entries[problem.line].form[problem.field]
        return self.lines.entries[0].form.product if problem.field == "lines" else self[problem.field]


_FOLLOWS_FROM: Mapping[str, Sequence[str]] = {
    "amount_missing": ("price",),
    "gross_below_net": ("net", "price"),
}
"""Fields of a line without which nobody can tell whether it has these problems."""


PROOF_REFUSED: Mapping[str, Any] = {
    "empty": _("%(file)s: there is nothing in it."),
    "too_heavy": _("%(file)s: it is larger than %(most)s MB."),
    "too_many": _("%(file)s: an invoice has at most %(most)s proofs."),
    "unknown_kind": _("%(file)s: this is neither a photo (JPEG, PNG, WebP, HEIC) nor a PDF nor an e-invoice (XML)."),
    "no_einvoice": _("%(file)s: this XML is no e-invoice that is read here."),
    "broken": _("%(file)s: it is broken and cannot be shown. Save it again, or take a photo of the page."),
    "locked": _("%(file)s: it is protected by a password. Save it without one."),
    "too_many_pages": _("%(file)s: it has more than %(pages)s pages. Attach those of the invoice alone."),
    "too_many_pixels": _("%(file)s: it has more than %(pixels)s million pixels. Take a smaller photo."),
    "too_costly": _("%(file)s: showing it takes more memory or time than it may. Take a photo of the page."),
    "bad_einvoice": _("%(file)s: %(because)s"),
}
"""Why a file cannot be a proof, in words."""


def proof_refused(refused: ProofRefused, file_name: str) -> str:
    """Say why a file cannot be a proof."""
    because = sentences(list(refused.problems), gettext, formats.shown)
    return str(PROOF_REFUSED[refused.code]) % {"file": file_name, "because": because, **refused.values}


NOT_FILLED: Mapping[str, Any] = {
    "credit_note": _("%(file)s corrects an invoice: only invoices are registered."),
    "other_currency": _("%(file)s is in another currency than the programme: write the amounts as they count here."),
    "no_lines": _("%(file)s has no lines: write what was sold."),
    "too_many_lines": _("%(file)s has too many lines: write those of the programme."),
}
"""Why an e-invoice fills nothing in, in words."""


def filled_in(filled: Filled | None, file_name: str) -> str:
    """Say what an e-invoice filled in, or the text of a PDF."""
    if filled is None:
        return gettext("%(file)s was read as far as its text goes. Look whether that is right.", file=file_name)
    if filled.why is not None:
        return str(NOT_FILLED[filled.why]) % {"file": file_name}
    if filled.matched == filled.lines and filled.left_out:
        return gettext("%(file)s filled in everything. Its lines that do not take part were left out.", file=file_name)
    if filled.matched == filled.lines:
        return gettext("%(file)s filled in everything. Look at it, and check what it earns.", file=file_name)
    return gettext(
        "%(file)s filled in the invoice. Of %(lines)s lines, %(matched)s are products of the programme: choose the "
        "others, or remove what does not take part.",
        file=file_name,
        lines=filled.lines,
        matched=filled.matched,
    )


def sentence(problem: Problem) -> str:
    """Say what is wrong with a claim, its days and amounts written as the reader writes them."""
    values = {name: _written(value) for name, value in (problem.values or {}).items()}
    return Problem(problem.field, problem.code, problem.line, values).sentence(gettext)


def _written(value: Any) -> str:
    if isinstance(value, dt.date):
        return formats.day(value)
    return value if isinstance(value, str) else formats.figure(value)


def _taken_off(amount: int | None) -> int | None:
    """Give what a discount takes off, with or without a minus before it: phones have none among their figures."""
    return None if amount is None else -abs(amount)


def _shown(line: ClaimedLine, names: Mapping[int, Suggestion]) -> dict[str, Any]:
    """Write a line; of a discount that was typed the mark says what a minus would."""
    known = names.get(line.product_id) if line.product_id is not None else None
    sign = -1 if line.takes_off else 1
    return {
        "product": line.said if known is None else known.name,
        "product_id": None if known is None else str(known.id),
        "quantity": line.quantity_milli,
        "price": None if line.price_minor is None else sign * line.price_minor,
        "net": None if line.net_minor is None else sign * line.net_minor,
        "gross": None if line.gross_minor is None else sign * line.gross_minor,
        "position": line.position,
        "discount": line.takes_off,
        "serials": ", ".join(line.serials),
    }


def _text(field: Any) -> str:
    """Give what was typed in a field of text; nothing where it may not be kept, or looked for, as it stands."""
    return "" if field.errors else field.data or ""
