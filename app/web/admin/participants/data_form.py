"""The form of a distributor's data: of one that is here, and of one that is taken in by hand."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.domain.documents.hierarchy import Misplaced
from app.domain.states import TaxStatus
from app.web.forms.fields import DayField
from app.web.forms.form import CodeField, Form, choice
from app.web.words import tiers as tier_words
from app.web.words.wording import TAX_STATUS

NO_BRANCH: Mapping[Misplaced, Any] = {
    Misplaced.UNKNOWN: _("No distributor has this code."),
    Misplaced.ITSELF: _("A distributor is not its own head office."),
    Misplaced.A_BRANCH: _("This one is a branch itself, and a branch has no branches."),
    Misplaced.HAS_BRANCHES: _("The distributor has branches, so it cannot be a branch itself: move them first."),
}
"""Why a distributor cannot stand below the head office that was typed."""


class DataForm(Form):
    """A distributor's data; what a page does not ask for it takes out. The code of one that is here never changes."""

    may_look_like_cards = frozenset({"tax_id"})

    code = CodeField(
        _("Code"),
        [InputRequired(_("Give it a code.")), Length(max=64)],
        description=_("As your files call it. It never changes."),
    )
    name = StringField(_("Name"), [InputRequired(_("Fill in the name.")), Length(max=200)])
    head_office = CodeField(
        _("Head office"),
        [Length(max=200)],
        description=_("Code of the distributor whose branch this is; its owner reads what is this one’s. Empty: none."),
    )
    group = SelectField(_("Group"), description=_("Rules and rates tell distributors apart by it."))
    group_from = DayField(
        _("In this group from"),
        description=_("Sales of this day and later are judged by a new group. Empty: it always was so."),
    )
    tier = StringField(_("Tier"), [Length(max=64)])
    tax_id = StringField(_("Tax id"), [Length(max=32)])
    tax_status = SelectField(
        _("Tax status"),
        choices=[choice(status.value, text) for status, text in TAX_STATUS.items()],
        description=_("From today on; the record has a page for another day and for what shows it."),
    )
    stands = BooleanField(_("The tax id stands as it is written"))
    city = StringField(_("City"), [Length(max=200)])
    region = StringField(_("Region"), [Length(max=200)])
    country = StringField(_("Country"), [Length(max=64)])
    birthday = DayField(_("Birthday"), description=_("Of its owner: rules may reward it. The day and the month count."))
    enrolled_on = DayField(
        _("In the programme since"),
        [InputRequired(_("Say since when it takes part."))],
        description=_("Anniversaries count from this day, and checks may ask about sales of before it."),
    )
    reason = TextAreaField(_("Reason"), [Length(max=500)], description=_("Kept in the audit log."))

    @classmethod
    def offering(cls, groups: Sequence[tuple[int, str]], *, without: Sequence[str], **data: Any) -> "DataForm":
        """Give the form with the groups that there are, ``data`` written into it, and some fields taken out."""
        form = cls(data=data)
        form.group.choices = [choice("", _("None")), *(choice(str(id_), name) for id_, name in groups)]
        for name in without:
            del form[name]
        if tier_words.tiers_here().levels:
            del form.tier  # it is earned, or given on a page of its own
        return form

    def said(self) -> dict[str, Any]:
        """Give what was typed, by the names that distributors have for it; what is empty is None."""
        texts = ("head_office", "tier", "tax_id", "city", "region", "country")
        return {
            "name": self.name.data,
            "group_id": int(self.group.data) if self.group.data else None,
            "birthday_on": self.birthday.data,
            "enrolled_on": self.enrolled_on.data,
            "tax_status": TaxStatus(self.tax_status.data),
            **{name: self[name].data or None for name in texts if name in self},
        }
