"""A programme's registration form: its questions, its text, whether it is published. Changed question by question."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.domain.program_file import registration
from app.domain.program_file.registration import MOST_QUESTIONS, Question, QuestionInvalid
from app.models.joining import RegistrationForm
from app.models.programs import Program
from app.services import audit


@dataclass(frozen=True)
class Form:
    """A registration form as it stands."""

    questions: Sequence[Question]
    intro: Mapping[str, str]
    published: bool
    employer_consent: bool


EMPTY = Form((), {}, published=False, employer_consent=True)


def form_of(session: Session, program_id: int) -> Form:
    """Give a programme's form; an empty one where nobody has made any."""
    found = session.get(RegistrationForm, program_id)
    return EMPTY if found is None else _read(found)


def published_program(session: Session, program_code: str) -> Program | None:
    """Find a programme whose form is published."""
    return session.scalars(
        select(Program)
        .join(RegistrationForm, RegistrationForm.program_id == Program.id)
        .where(Program.code == program_code, RegistrationForm.published)
    ).one_or_none()


def set_text(
    session: Session,
    program_id: int,
    intro: Mapping[str, str],
    *,
    employer_consent: bool,
    actor: str,
    now: dt.datetime,
) -> None:
    """Set the text above the form, and whether an employer has to agree to their reps. The caller commits."""
    kept = {language: text for language, text in intro.items() if text}
    changed = _changing(session, program_id, actor, now)
    before = {"intro": changed.intro, "employer_consent": changed.employer_consent}
    changed.intro, changed.employer_consent = kept, employer_consent
    _note(session, program_id, before, {"intro": kept, "employer_consent": employer_consent}, actor, now)


def put_question(session: Session, program_id: int, question: Question, *, actor: str, now: dt.datetime) -> str:
    """Add a question, or change the one with its key; a key of "" adds. Returns the key. The caller commits.

    Raises:
        QuestionInvalid: It cannot be asked, or there are too many, or nobody asks the one that is to be changed.
    """
    registration.check(question)
    changed = _changing(session, program_id, actor, now)
    questions = registration.from_document(changed.fields)
    here = next((one for one in questions if one.key == question.key), None)
    if question.key and here is None:
        raise QuestionInvalid("key")
    if here is None:
        if len(questions) >= MOST_QUESTIONS:
            raise QuestionInvalid("many")
        label = next(text for text in question.label.values() if text)
        question = replace(question, key=registration.key_of(label, {one.key for one in questions}))
        questions.append(question)
    else:
        questions[questions.index(here)] = question
    changed.fields = registration.to_document(questions)
    before = None if here is None else {"question": registration.to_document([here])[0]}
    _note(session, program_id, before, {"question": registration.to_document([question])[0]}, actor, now)
    return question.key


def move_question(session: Session, program_id: int, key: str, by: int, *, actor: str, now: dt.datetime) -> None:
    """Move a question up (-1) or down (1), if there is such a question and room above or below. The caller commits."""
    before = form_of(session, program_id).questions
    if registration.moved(list(before), key, by) == list(before):
        return
    changed = _changing(session, program_id, actor, now)
    questions = registration.from_document(changed.fields)
    changed.fields = registration.to_document(registration.moved(questions, key, by))
    _note(session, program_id, None, {"moved": key, "by": by}, actor, now)


def remove_question(session: Session, program_id: int, key: str, *, actor: str, now: dt.datetime) -> None:
    """Ask something no more; answers that were given stay with their applications. The caller commits."""
    if all(one.key != key for one in form_of(session, program_id).questions):
        return
    changed = _changing(session, program_id, actor, now)
    gone = [one for one in changed.fields if one["key"] == key]
    if gone:  # somebody may have been quicker
        changed.fields = [one for one in changed.fields if one["key"] != key]
        _note(session, program_id, {"question": gone[0]}, None, actor, now)


def publish(session: Session, program_id: int, *, published: bool, actor: str, now: dt.datetime) -> None:
    """Publish the form, or take it back: then its page is not found. The caller commits."""
    changed = _changing(session, program_id, actor, now)
    if changed.published != published:
        changed.published = published
        _note(session, program_id, {"published": not published}, {"published": published}, actor, now)


def _read(found: RegistrationForm) -> Form:
    return Form(
        registration.from_document(found.fields),
        found.intro,
        published=found.published,
        employer_consent=found.employer_consent,
    )


def _changing(session: Session, program_id: int, actor: str, now: dt.datetime) -> RegistrationForm:
    """Give the form to be changed by nobody else meanwhile; an empty one where there is none."""
    session.execute(
        insert(RegistrationForm)
        .values(
            program_id=program_id,
            fields=[],
            intro={},
            published=False,
            employer_consent=True,
            changed_at=now,
            changed_by=actor,
        )
        .on_conflict_do_nothing()
    )
    found = session.scalars(
        select(RegistrationForm)
        .where(RegistrationForm.program_id == program_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    found.changed_at, found.changed_by = now, actor
    return found


def _note(
    session: Session,
    program_id: int,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    actor: str,
    now: dt.datetime,
) -> None:
    session.flush()
    audit.note(
        session, actor, "registration.change", "form", now=now, program_id=program_id, before=before, after=after
    )
