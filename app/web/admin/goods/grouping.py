"""Into which group chosen products or distributors are moved, and from which."""

from collections.abc import Iterator, Sequence
from typing import Self

from flask import request
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from wtforms import SelectField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.models.catalogue import Product, ProductGroup
from app.models.distributors import Distributor, DistributorGroup
from app.web.context import session, today
from app.web.forms.fields import DayField
from app.web.forms.form import Form, choice
from app.web.lists.together import Row

MEANS = _("Sales are judged by the group of their own day. What was counted keeps what it earned.")

_NONE = "none"


class GroupForm(Form):
    """A group, or none, from when on, and why. Nothing is chosen at first: nobody leaves a group by not looking."""

    group = SelectField(_("Group"), [InputRequired(_("Choose a group."))])
    from_on = DayField(
        _("From"), description=_("Sales of this day and later are judged by the new group. Empty: it always was so.")
    )
    reason = TextAreaField(_("Reason"), [Length(max=500)], description=_("Kept in the audit log."))

    @classmethod
    def of(cls, groups: Sequence[tuple[int, str]]) -> Self:
        """Make the form for the groups that there are: (id, name)."""
        form = cls()
        if request.form.get("sure") != "yes":
            form.from_on.data = today()
        form.group.choices = [
            choice("", gettext("Choose a group")),
            *(choice(str(id_), name) for id_, name in groups),
            choice(_NONE, gettext("No group")),
        ]
        return form

    @property
    def chosen(self) -> int | None:
        """Give the id of the group that was chosen; None where it is none."""
        return None if self.group.data == _NONE else int(self.group.data)


def with_groups(
    thing: type[Product | Distributor], group: type[ProductGroup | DistributorGroup], ids: Sequence[int]
) -> Iterator[Row]:
    """Give what is to be moved with the group that it is in."""
    found = session().execute(
        select(thing.id, thing.name, thing.code, group.name)
        .outerjoin(group, group.id == thing.group_id)
        .where(thing.id.in_(ids))
    )
    for id_, name, code, now_in in found:
        yield Row(id_, name, code, now_in or gettext("None"))
