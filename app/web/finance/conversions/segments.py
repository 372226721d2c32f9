"""Whose points a new conversion run takes: everybody's, or of groups, tiers, a saved list; and from how many on."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from wtforms import SelectField, SelectMultipleField
from wtforms.validators import InputRequired, Optional

from app.domain.states import Unit
from app.domain.typed.codes import code_key
from app.models.distributors import DistributorGroup
from app.services.placing import tiers
from app.web import formats
from app.web.admin.participants.distributors import DISTRIBUTORS
from app.web.context import scope, session
from app.web.forms.fields import Between, DayField, NotBefore, PointsField
from app.web.forms.form import Form, choice
from app.web.lists.answering import saved_views
from app.web.lists.asking import asked_in
from prepaid.conversions.segments import Segment

MOST_POINTS = 10**15


class NewRun(Form):
    """The period whose points are to be converted, and whose."""

    from_on = DayField(_("Points earned from"), [InputRequired(_("Say from which day."))])
    to_on = DayField(_("Points earned until"), [InputRequired(_("Say to which day.")), NotBefore("from_on")])
    groups = SelectMultipleField(_("Groups of distributors"))
    tiers = SelectMultipleField(_("Tiers"))
    saved = SelectField(_("A saved list of distributors"), default="")
    minimum = PointsField(_("Only accounts with at least"), [Optional(), Between(0, MOST_POINTS)])


def new_run() -> NewRun:
    """Make the form with what the programme has to choose among; what it has nothing of is not asked."""
    form, program = NewRun(), scope().program
    groups = session().execute(
        select(DistributorGroup.code, DistributorGroup.name)
        .where(DistributorGroup.program_id == program.id)
        .order_by(DistributorGroup.name, DistributorGroup.id)
    )
    form.groups.choices = [choice(code, name) for code, name in groups]
    form.tiers.choices = [choice(one.code, one.name) for one in tiers.settings_of(program).levels]
    views = [choice(str(one.id), one.name) for one in saved_views(DISTRIBUTORS)]
    form.saved.choices = [choice("", gettext("None")), *views]
    for name, some in (("groups", form.groups.choices), ("tiers", form.tiers.choices), ("saved", views)):
        if not some:
            del form[name]
    return form


def segment_of(form: NewRun) -> Segment:
    """Give whom a form names; a saved list is those who are on it now."""
    chosen = form.data
    groups, levels, saved = tuple(chosen.get("groups") or ()), tuple(chosen.get("tiers") or ()), chosen.get("saved")
    if not saved:
        return Segment(groups, levels)
    view = next(one for one in saved_views(DISTRIBUTORS) if str(one.id) == saved)
    asked = asked_in(DISTRIBUTORS, view.query)
    ids = session().scalars(asked.narrowed().with_only_columns(DISTRIBUTORS.id), asked.told)
    return Segment(groups, levels, tuple(ids), view.name)


def whose(terms: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Say whose points a run took, by what it keeps of its terms: each part's title, and what was chosen."""
    said = []
    if terms.get("groups"):
        said.append((gettext("Groups"), ", ".join(_names_of_groups(terms["groups"]))))
    if terms.get("tiers"):
        levels = tiers.settings_of(scope().program)
        names = [code if (level := levels.level(code)) is None else level.name for code in terms["tiers"]]
        said.append((gettext("Tiers"), ", ".join(names)))
    if terms.get("list"):
        on_list = gettext("%(name)s (%(count)s)", name=terms["list"], count=formats.figure(terms.get("on_list", 0)))
        said.append((gettext("Saved list"), on_list))
    if terms.get("minimum_points"):
        said.append((gettext("From"), formats.worded(terms["minimum_points"], Unit.POINTS)))
    return said


def _names_of_groups(codes: Sequence[str]) -> list[str]:
    """Give the names of groups; one that is gone is called by its code."""
    rows = session().execute(
        select(DistributorGroup.code, DistributorGroup.name).where(DistributorGroup.program_id == scope().program.id)
    )
    names = {code_key(code): name for code, name in rows}
    return [names.get(code_key(code), code) for code in codes]
