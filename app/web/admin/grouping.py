"""Into which group chosen products or distributors are moved."""

from collections.abc import Sequence
from typing import Self

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import SelectField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.web.forms import Form, choice

_NONE = "none"


class GroupForm(Form):
    """A group, or none, and why. Nothing is chosen at first: nobody leaves a group by not looking."""

    group = SelectField(_("Group"), [InputRequired(_("Choose a group."))])
    reason = TextAreaField(_("Reason"), [Length(max=500)], description=_("Kept in the audit log."))

    @classmethod
    def of(cls, groups: Sequence[tuple[int, str]]) -> Self:
        """Make the form for the groups that there are: (id, name)."""
        form = cls()
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
