"""The form of an invoice that is registered: header, lines, and beside each field what a service found wrong."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import FieldList, FormField, HiddenField, SelectField, StringField
from wtforms.validators import Length

from app.web import formats
from app.web.fields import DayField, MoneyField, QuantityField
from app.web.forms import Form, choice
from verification.claimed import LONGEST_NUMBER, MOST_LINES, ClaimedInvoice, ClaimedLine, Problem
from verification.claims import LONGEST_KEY, Suggestion


class LineForm(Form):
    """One line of the invoice."""

    may_look_like_cards: ClassVar[frozenset[str]] = frozenset({"product"})

    class Meta(Form.Meta):
        """The token stands in the form around it."""

        csrf = False

    product = StringField(_("Product"), [Length(max=200)])
    product_id = HiddenField()
    quantity = QuantityField(_("Quantity"))
    price = MoneyField(_("Net price of one"))
    net = MoneyField(_("Net amount"))
    gross = MoneyField(_("Gross amount"))

    def line(self, names: Mapping[int, Suggestion]) -> ClaimedLine:
        """Give what was typed. A product that was chosen stays so as long as its name stands there."""
        typed, chosen = self.product.data or "", _id(self.product_id.data)
        known = names.get(chosen) if chosen is not None else None
        return ClaimedLine(
            said=typed,
            product_id=chosen if known is not None and typed == known.name else None,
            quantity_milli=self.quantity.data,
            price_minor=self.price.data,
            net_minor=self.net.data,
            gross_minor=self.gross.data,
        )

    def chosen(self) -> int | None:
        """Give the product that was chosen from what was proposed."""
        return _id(self.product_id.data)


class ClaimForm(Form):
    """An invoice."""

    key = HiddenField(validators=[Length(max=LONGEST_KEY)])
    number = StringField(_("Number of the invoice"), [Length(max=LONGEST_NUMBER)])
    issued_on = DayField(_("Issued on"))
    seller_tax_id = StringField(
        _("Tax id of the seller"), [Length(max=32)], description=_("Only where somebody else issued the invoice.")
    )
    person = SelectField(_("Whose sale it was"), default="")
    lines = FieldList(FormField(LineForm), max_entries=MOST_LINES)

    @staticmethod
    def showing(invoice: ClaimedInvoice, key: str, person: str | None, names: Mapping[int, Suggestion]) -> "ClaimForm":
        """Write an invoice into a form; there is always a line to type into."""
        lines = [_shown(line, names) for line in invoice.lines] or [{}]
        return ClaimForm(
            formdata=None,
            data={
                "key": key,
                "number": invoice.number,
                "issued_on": invoice.issued_on,
                "seller_tax_id": invoice.seller_tax_id,
                "person": person or "",
                "lines": lines,
            },
        )

    def offer(self, reps: Iterable[tuple[str, str]]) -> None:
        """Offer whose sale it may have been: nobody's, or a sales rep's, by the name in the distributor's documents."""
        self.person.choices = [choice("", gettext("the company’s")), *(choice(value, text) for value, text in reps)]

    def invoice(self, names: Mapping[int, Suggestion]) -> ClaimedInvoice:
        """Give what was typed."""
        return ClaimedInvoice(
            number=self.number.data or "",
            issued_on=self.issued_on.data,
            seller_tax_id=self.seller_tax_id.data or "",
            lines=tuple(one.form.line(names) for one in self.lines.entries),
        )

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
            text = sentence(one)
            if one.line is not None:
                field = self.lines.entries[one.line].form[one.field]
            elif one.field == "lines":
                field = self.lines.entries[0].form.product
            else:
                field = self[one.field]
            field.errors = [*field.errors, text]


def sentence(problem: Problem) -> str:
    """Say what is wrong with a claim, its days and amounts written as the reader writes them."""
    values = {name: _written(value) for name, value in (problem.values or {}).items()}
    return Problem(problem.field, problem.code, problem.line, values).sentence(gettext)


def _written(value: Any) -> str:
    if isinstance(value, dt.date):
        return formats.day(value)
    return value if isinstance(value, str) else formats.figure(value)


def _shown(line: ClaimedLine, names: Mapping[int, Suggestion]) -> dict[str, Any]:
    known = names.get(line.product_id) if line.product_id is not None else None
    return {
        "product": line.said if known is None else known.name,
        "product_id": None if known is None else str(known.id),
        "quantity": line.quantity_milli,
        "price": line.price_minor,
        "net": line.net_minor,
        "gross": line.gross_minor,
    }


def _id(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None
