"""A form that is refused is answered with the page that it stands on: open where it was, with what was typed.

Forms in dialogs are sent to addresses of their own. A page asks for each of its forms by `fresh`; the address that
takes one answers by `again` where something is wrong. The dialog that holds a problem opens by itself
(static/dialogs.js), and without JavaScript stands on the page.
"""

from typing import Any, TypeVar

from flask import current_app, flash, g, make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from app.web.forms.form import Form

Kind = TypeVar("Kind", bound=Form)

_SHOWN = b"data-problems"
"""What the summary of a form's problems has (components/forms.html)."""


def fresh(kind: type[Kind], made: type[Kind] | None = None, **given: Any) -> Kind:
    """Give a form of a page: empty, or with what is given; as it was sent where this very request was refused.

    ``made`` is the class to make it of where its fields depend on what the page is about.
    """
    refused = g.get("refused")
    return refused if isinstance(refused, kind) else (made or kind)(formdata=None, **given)


def again(form: Form, endpoint: str, **where: Any) -> Response:
    """Answer a refused form with the page that it stands on.

    Whoever may send the form must be let see that page: nobody asks again. Where the page has the form no more, because
    somebody was quicker, it says on top what was wrong.
    """
    g.refused = form
    answer = _page(endpoint, where)
    if _SHOWN in answer.get_data():
        answer.status_code = 400
        return answer
    for problem in form.problems():
        flash(f"{problem.label}: {problem.text}" if problem.at else problem.text, "danger")
    return redirect(url_for(endpoint, **where), 303)


def _page(endpoint: str, where: dict[str, Any]) -> Response:
    """Make a page. Meanwhile the request is one for it: filters, saved views and the choice of language lead back."""
    asked = request.method, request.url_rule, request.view_args, request.path
    rule = next(one for one in current_app.url_map.iter_rules(endpoint) if "GET" in (one.methods or ()))
    try:
        request.method, request.url_rule, request.view_args = "GET", rule, where
        request.path = url_for(endpoint, **where)
        return make_response(current_app.view_functions[endpoint](**where))
    finally:
        request.method, request.url_rule, request.view_args, request.path = asked
