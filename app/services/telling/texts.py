"""Texts that go out: every one under a key, in English, with the parts that are put in; and in a sponsor's own words.

A text is translated like the texts of pages. Where a programme has its own wording of it in a language, that is taken.
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.domain.saying.wording import Said, marked
from app.models.messages import TextOverride
from app.services import audit
from app.services.telling.languages import DEFAULT, LANGUAGES, writing
from app.services.telling.translations import translations

LONGEST = 4_000
_PART = re.compile(r"%\((\w+)\)s")


class TextInvalid(ValueError):
    """A wording that cannot be used; ``unknown`` and ``missing`` name the parts that are wrong about it."""

    def __init__(self, unknown: frozenset[str], missing: frozenset[str]) -> None:
        """Say which parts nobody fills in, and which have to be there."""
        self.unknown, self.missing = unknown, missing
        super().__init__(f"unknown parts {sorted(unknown)}, missing parts {sorted(missing)}")


@dataclass(frozen=True)
class Text:
    """One text: what it is (for whoever words it anew), how it reads in English, and its parts.

    ``needed`` parts must stand in every wording of it: a mail with a link is nothing without the link.
    """

    key: str
    about: str
    source: str
    parts: frozenset[str]
    needed: frozenset[str] = frozenset()


_ = marked  # `translated` looks it up

_ALWAYS = frozenset({"program", "sponsor"})
_OF_EXPORT = ("name", "what", "days", "rows", "sha256", "link")


def _text(key: str, about: str, source: str, *parts: str, needed: str | None = None) -> Text:
    return Text(key, about, source, _ALWAYS | {*parts}, frozenset({needed} if needed else ()))


_ALL = (
    _text("invitation.subject", _("Invitation: subject"), _("You are invited to %(program)s"), "name"),
    _text(
        "invitation.body",
        _("Invitation"),
        _(
            "Hello %(name)s,\n\n"
            "%(inviter)s invites you to %(program)s of %(sponsor)s. Your role there: %(role)s.\n\n"
            "Open this link to begin. It works once, until %(until)s:\n\n%(link)s\n\n"
            "If you do not know what this is about, leave this message as it is; nothing happens then."
        ),
        "name",
        "inviter",
        "role",
        "until",
        "link",
        needed="link",
    ),
    _text("sign_in_link.subject", _("Link to sign in: subject"), _("Your link to sign in")),
    _text(
        "sign_in_link.body",
        _("Link to sign in"),
        _(
            "Hello %(name)s,\n\n"
            "open this link to sign in. It works once, within %(minutes)s minutes:\n\n%(link)s\n\n"
            "If you did not ask for it, leave this message as it is; nobody gets in without it."
        ),
        "name",
        "minutes",
        "link",
        needed="link",
    ),
    _text(
        "sign_in_code.body",
        _("Code to sign in, by SMS"),
        _("%(code)s is your code to sign in. It works once, within %(minutes)s minutes. Tell it to nobody."),
        "code",
        "minutes",
        needed="code",
    ),
    _text("reset.subject", _("Forgotten password: subject"), _("Choose a new password")),
    _text(
        "reset.body",
        _("Forgotten password"),
        _(
            "Hello %(name)s,\n\n"
            "open this link to choose a new password. It works once, within %(minutes)s minutes:\n\n%(link)s\n\n"
            "If you did not ask for it, leave this message as it is; your password stays what it is."
        ),
        "name",
        "minutes",
        "link",
        needed="link",
    ),
    _text("password_changed.subject", _("Password changed: subject"), _("Your password was changed")),
    _text(
        "password_changed.body",
        _("Password changed"),
        _(
            "Hello %(name)s,\n\n"
            "your password was changed on %(when)s. Wherever else you were signed in you are signed out.\n\n"
            "If it was not you, choose a new password at once: %(link)s"
        ),
        "name",
        "when",
        "link",
    ),
    _text("email_code.subject", _("New e-mail address: subject"), _("Your code")),
    _text(
        "email_code.body",
        _("New e-mail address"),
        _(
            "Hello %(name)s,\n\n"
            "type this code where you asked for it, within %(minutes)s minutes:\n\n%(code)s\n\n"
            "From then on you sign in with this address."
        ),
        "name",
        "minutes",
        "code",
        needed="code",
    ),
    _text("email_changed.subject", _("E-mail address changed: subject"), _("Your e-mail address was changed")),
    _text(
        "email_changed.body",
        _("E-mail address changed"),
        _(
            "Hello %(name)s,\n\n"
            "since %(when)s you sign in with %(login)s and no longer with this address.\n\n"
            "If it was not you, tell whoever runs the programme at once."
        ),
        "name",
        "when",
        "login",
    ),
    _text(
        "phone_code.body",
        _("Code for a new phone number, by SMS"),
        _("%(code)s is the code for your new phone number. It works once, within %(minutes)s minutes."),
        "code",
        "minutes",
        needed="code",
    ),
    _text("factors_changed.subject", _("Second step changed: subject"), _("How you sign in was changed")),
    _text(
        "factors_changed.body",
        _("Second step changed"),
        _(
            "Hello %(name)s,\n\n"
            "on %(when)s the second step of your signing in was set up, changed or taken away.\n\n"
            "If it was not you, choose a new password at once: %(link)s"
        ),
        "name",
        "when",
        "link",
    ),
    _text(
        "document_asked.subject",
        _("Question about an invoice: subject"),
        _("A question about invoice %(number)s"),
        "number",
    ),
    _text(
        "document_asked.body",
        _("Question about an invoice"),
        _(
            "Hello %(name)s,\n\n"
            "somebody of %(program)s looks at invoice %(number)s and asks:\n\n%(words)s\n\n"
            "Answer on its page, and attach what is asked for:\n\n%(link)s"
        ),
        "name",
        "number",
        "words",
        "link",
        needed="words",
    ),
    _text("document_refused.subject", _("Invoice refused: subject"), _("Refused: invoice %(number)s"), "number"),
    _text(
        "document_refused.body",
        _("Invoice refused"),
        _(
            "Hello %(name)s,\n\n"
            "%(program)s does not count invoice %(number)s:\n\n%(words)s\n\n"
            "Its page says what you can do, and you may appeal there once:\n\n%(link)s"
        ),
        "name",
        "number",
        "words",
        "link",
        needed="words",
    ),
    _text(
        "points_expire.subject",
        _("Points about to expire: subject"),
        _("Your points in %(program)s are about to expire"),
    ),
    _text(
        "points_expire.body",
        _("Points about to expire"),
        _(
            "Hello %(name)s,\n\n"
            "%(news)s They are points of %(company)s in %(program)s.\n\n"
            "See what they can be turned into before that day:\n\n%(link)s\n\n"
            "If you want no such mails, say so in your account: %(account)s"
        ),
        "name",
        "news",
        "company",
        "link",
        "account",
        needed="news",
    ),
    _text("application_received.subject", _("Application received: subject"), _("Your application to %(program)s")),
    _text(
        "application_received.body",
        _("Application received"),
        _(
            "Hello %(name)s,\n\n"
            "your application for %(company)s has reached us. Somebody looks at it, and you get an answer by e-mail."
        ),
        "name",
        "company",
    ),
    _text(
        "application_consent.subject",
        _("Employer’s consent: subject"),
        _("%(applicant)s wants to join %(program)s"),
        "applicant",
    ),
    _text(
        "application_consent.body",
        _("Employer’s consent"),
        _(
            "Hello %(name)s,\n\n"
            "%(applicant)s (%(login)s) applies to %(program)s as a sales rep of %(company)s. "
            "Without your consent nobody joins in your company’s name.\n\n"
            "Agree or decline here: %(link)s"
        ),
        "name",
        "applicant",
        "login",
        "company",
        "link",
        needed="link",
    ),
    _text("application_accepted.subject", _("Application accepted: subject"), _("Welcome to %(program)s")),
    _text(
        "application_accepted.body",
        _("Application accepted"),
        _(
            "Hello %(name)s,\n\n"
            "your application for %(company)s is accepted. "
            "Open this link to begin. It works once, until %(until)s:\n\n%(link)s"
        ),
        "name",
        "company",
        "until",
        "link",
        needed="link",
    ),
    _text(
        "run_prepared.subject",
        _("Scheduled conversion run prepared: subject"),
        _("A conversion run of %(program)s waits for approval"),
    ),
    _text(
        "run_prepared.body",
        _("Scheduled conversion run prepared"),
        _(
            "Hello %(name)s,\n\n"
            "run %(run)s of %(program)s has been prepared by its schedule: %(points)s points of %(accounts)s accounts "
            "become %(amount)s, and %(compensation)s of tax compensation. Left out: %(left_out)s accounts.\n\n"
            "Nothing is ordered until somebody has looked at it and approved it:\n\n%(link)s"
        ),
        "name",
        "run",
        "points",
        "accounts",
        "amount",
        "compensation",
        "left_out",
        "link",
        needed="link",
    ),
    _text(
        "run_empty.subject",
        _("Scheduled conversion run without points: subject"),
        _("No points of %(program)s can be converted this month"),
    ),
    _text(
        "run_empty.body",
        _("Scheduled conversion run without points"),
        _(
            "Hello %(name)s,\n\n"
            "the schedule of %(program)s found no points that can be converted. Left out: %(left_out)s accounts; why "
            "stands with run %(run)s:\n\n%(link)s"
        ),
        "name",
        "run",
        "left_out",
        "link",
        needed="link",
    ),
    _text(
        "run_stopped.subject",
        _("Scheduled conversion run not prepared: subject"),
        _("This month’s conversion run of %(program)s could not be prepared"),
    ),
    _text(
        "run_stopped.body",
        _("Scheduled conversion run not prepared"),
        _(
            "Hello %(name)s,\n\n"
            "the schedule of %(program)s could not prepare this month’s conversion run:\n\n%(reason)s\n\n"
            "It is tried again every day until this is put right. Runs stand here:\n\n%(link)s"
        ),
        "name",
        "reason",
        "link",
        needed="reason",
    ),
    _text("application_refused.subject", _("Application refused: subject"), _("Your application to %(program)s")),
    _text(
        "application_refused.body",
        _("Application refused"),
        _("Hello %(name)s,\n\nyour application for %(company)s was not accepted:\n\n%(reason)s"),
        "name",
        "company",
        "reason",
        needed="reason",
    ),
    _text("export_ready.subject", _("Export made by a plan: subject"), _("%(name)s: %(what)s, %(days)s"), *_OF_EXPORT),
    _text(
        "export_ready.body",
        _("Export made by a plan"),
        _(
            "The plan “%(name)s” of %(program)s has made a file: %(what)s, %(days)s, rows: %(rows)s.\n\n"
            "It stands here for whoever may take it away: %(link)s\n\n"
            "SHA-256: %(sha256)s"
        ),
        *_OF_EXPORT,
        needed="link",
    ),
)

TEXTS: Mapping[str, Text] = {one.key: one for one in _ALL}
"""Every text that goes out, by its key."""

ROLES: Mapping[str, str] = {
    "administrator": _("Administrator"),
    "verifier": _("Verifier"),
    "finance": _("Finance"),
    "approver": _("Finance approver"),
    "viewer": _("Viewer"),
    "assistant": _("Sales assistant"),
    "owner": _("Distributor’s owner"),
    "rep": _("Sales rep"),
    "person": _("Own account"),
}
"""Roles as people read them."""


EMPLOYER_DECLINED = _("The employer did not agree.")


def translated(source: str, locale: str) -> str:
    """Give a text in a language; in English where nobody has translated it."""
    return translations(known(locale)).ugettext(source) or source


def told(said: Said, locale: str | None) -> str:
    """Say a sentence that was kept, or that an error has, in a language."""
    language = known(locale)
    return said.words(lambda source: translated(source, language), writing(language).figure)


def known(locale: str | None) -> str:
    """Give a language that Kontor speaks: this one, or English."""
    return locale if locale is not None and locale in LANGUAGES else DEFAULT


def filled(wording: str, parts: Mapping[str, object]) -> str:
    """Put the parts into a wording. A part that is not there stays as it is written: nothing else is read.

    A sentence that ends with a part such as "Kolor S.A." has one full stop, the part's.
    """

    def part(found: re.Match[str]) -> str:
        said = str(parts.get(found[1], found[0]))
        return said.removesuffix(".") if wording[found.end() :].startswith(".") else said

    return _PART.sub(part, wording)


def parts_of(wording: str) -> frozenset[str]:
    """Name the parts that stand in a wording."""
    return frozenset(_PART.findall(wording))


def wordings(session: Session, program_id: int | None, keys: list[str], locale: str) -> dict[str, str]:
    """Give texts in a language: in the programme's own words where it has some, else translated. At most one query."""
    own: dict[str, str] = {}
    if program_id is not None:
        rows = session.execute(
            select(TextOverride.key, TextOverride.text).where(
                TextOverride.program_id == program_id, TextOverride.locale == locale, TextOverride.key.in_(keys)
            )
        )
        own = dict(rows.all())
    return {key: own[key] if own.get(key) else translated(TEXTS[key].source, locale) for key in keys}


def overrides(session: Session, program_id: int) -> dict[tuple[str, str], str]:
    """Give a programme's own wordings by key and language."""
    rows = session.execute(
        select(TextOverride.key, TextOverride.locale, TextOverride.text).where(TextOverride.program_id == program_id)
    )
    return {(key, locale): wording for key, locale, wording in rows}


def check(key: str, wording: str) -> None:
    """Make sure that a wording can be used for a text.

    Raises:
        TextInvalid: A part stands in it that nobody fills in, or one is missing that has to be there.
    """
    text, found = TEXTS[key], parts_of(wording)
    if not found <= text.parts or not text.needed <= found:
        raise TextInvalid(found - text.parts, text.needed - found)


def put_override(
    session: Session,
    program_id: int,
    key: str,
    locale: str,
    wording: str,
    *,
    actor: str,
    now: dt.datetime,
) -> None:
    """Give a text the programme's own words in a language; none at all gives it back its own. The caller commits.

    Raises:
        KeyError: There is no such text.
        TextInvalid: The wording has parts that nobody fills in, or lacks one that has to be there.
    """
    wording = wording.replace("\r\n", "\n").strip()
    before = session.scalars(
        select(TextOverride.text).where(
            TextOverride.program_id == program_id, TextOverride.key == key, TextOverride.locale == locale
        )
    ).one_or_none()
    if (before or "") == wording:
        return
    if not wording:
        session.execute(
            delete(TextOverride).where(
                TextOverride.program_id == program_id, TextOverride.key == key, TextOverride.locale == locale
            )
        )
    else:
        check(key, wording)
        values = {"text": wording, "changed_at": now, "changed_by": actor}
        session.execute(
            insert(TextOverride)
            .values(program_id=program_id, key=key, locale=locale, **values)
            .on_conflict_do_update(index_elements=["program_id", "key", "locale"], set_=values)
        )
    audit.note(
        session,
        actor,
        "text.change",
        f"{key} ({locale})",
        now=now,
        program_id=program_id,
        before={"text": before},
        after={"text": wording or None},
    )
