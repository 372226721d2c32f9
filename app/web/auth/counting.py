"""Counts tries for every way in before they are judged, and says it where there were too many."""

from flask import request
from flask_babel import gettext as _

from app.web.auth.attempts import MOST_PER_ACCOUNT, Attempts, TooMany, Uncountable
from app.web.context import kontor
from app.web.formats import duration
from app.web.forms.form import Form

Refusal = tuple[int, dict[str, str]]


def count(subject: str, form: Form, most: int = MOST_PER_ACCOUNT) -> Refusal | None:
    """Count a try for whoever it is about and from where it comes; where it is one too many, say so on the form.

    ``subject`` begins with the way in: tries with passwords do not use up those with codes. Gives the status and the
    headers of the answer that refuses it, or None.
    """
    attempts: Attempts = kontor()["attempts"]
    try:
        attempts.begin(subject, request.remote_addr or "", most)
    except TooMany as problem:
        form.refuse(None, _("There were too many tries. Try again in %(wait)s.", wait=duration(problem.seconds)))
        return 429, {"Retry-After": str(problem.seconds)}
    except Uncountable:
        form.refuse(None, _("Nobody can sign in at the moment. Try again in a minute; whoever is signed in can go on."))
        return 503, {}
    return None


def forget(subject: str) -> None:
    """Forget the tries for somebody who came in."""
    attempts: Attempts = kontor()["attempts"]
    attempts.succeeded(subject, request.remote_addr or "")
