"""Scenarios are asked for: by which rules, which days are replayed."""

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField
from sqlalchemy.orm import Session
from wtforms import RadioField, StringField
from wtforms.validators import InputRequired, Length

from app.db.transaction import transaction
from app.domain.program_file.definition import ProgramFile
from app.domain.states import RulesOf
from app.extensions import db
from app.jobs import simulating
from app.models.programs import Program
from app.services import audit, rulebooks
from app.services.rulebooks import Proposal
from app.services.rules import rule_drafts
from app.services.scenarios import asking
from app.services.scenarios.asking import CannotReplay, PromotionUnfit
from app.services.setup import program_files
from app.web.context import now, person, scope
from app.web.forms.fields import DayField, NotBefore
from app.web.forms.form import Form, choice

_LARGEST_FILE = 1 << 20

RULES_OF = {
    RulesOf.DRAFTS: _("Published rules with today’s drafts"),
    RulesOf.PUBLISHED: _("Published rules as they are"),
    RulesOf.FILE: _("All rules of a programme file"),
}


class NewScenario(Form):
    """Which rules, which days, and a name to find it by."""

    rules = RadioField(
        _("Rules"),
        [InputRequired(_("Choose one."))],
        choices=[choice(value.value, text) for value, text in RULES_OF.items()],
    )
    file = FileField(_("Programme file"), description=_("Its rules, promotions and tiers are read; nothing is loaded."))
    from_on = DayField(_("Sales issued from"), [InputRequired(_("Say from which day."))])
    to_on = DayField(_("Sales issued until"), [InputRequired(_("Say to which day.")), NotBefore("from_on")])
    name = StringField(
        _("Name"), [Length(max=100)], description=_("To find it by, such as “Spring at twice the points”.")
    )


def asked(form: NewScenario) -> int | None:
    """Put the scenario up; None where the form says what is wrong."""
    program, who = scope().program, person().login
    rules_of = RulesOf(form.rules.data)
    if rules_of is RulesOf.FILE and not form.file.data:
        form.refuse("file", gettext("Choose a YAML file."))
        return None
    try:
        with transaction(db.session) as writing:
            proposal, file = _proposal(writing, program, rules_of, form)
            days = (form.from_on.data, form.to_on.data)
            name = form.name.data or str(RULES_OF[rules_of])
            given = (writing, program, rules_of, proposal, days)
            made = asking.create(*given, name=name, actor=who, now=now(), file=file)
            simulating.begin(writing, made)
            audit.note(writing, who, "scenario.ask", str(made), now=now(), program_id=program.id)
            return made
    except program_files.ProgramFileInvalid as wrong:
        for problem in wrong.problems[:10]:
            form.refuse("file", problem)
    except UnicodeDecodeError:
        form.refuse("file", gettext("This is no text in UTF-8."))
    except PromotionUnfit as unfit:
        form.refuse("rules", gettext("A promotion does not fit the programme: %(problem)s", problem=unfit))
    except CannotReplay:
        form.refuse("rules", gettext("There is no rule to replay."))
    return None


def _proposal(
    writing: Session, program: Program, rules_of: RulesOf, form: NewScenario
) -> tuple[Proposal, ProgramFile | None]:
    if rules_of is RulesOf.FILE:
        content = form.file.data.read(_LARGEST_FILE)
        file = program_files.parse(content.decode("utf-8"))
        return asking.of_file(writing, program, file), file
    if rules_of is RulesOf.DRAFTS:
        return asking.with_drafts(writing, program, rule_drafts.proposed(writing, program.id)), None
    return rulebooks.published(writing, program.id), None
