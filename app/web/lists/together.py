"""What is done to many rows of a list at once: one more look at what becomes of them, then to each of them.

The list sends the rows that were chosen, and gets a page that names them and asks what has to be asked; that page sends
them again. Each row is done by itself: where one cannot be, it stays as it is, is told by name, and the rest goes on.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.extensions import db
from app.web import formats
from app.web.context import session
from app.web.forms.form import Form
from app.web.lists.asking import chosen_rows, kept_in
from app.web.lists.describing import Listing, Text

MOST_AT_ONCE = 200
"""So many are done while somebody waits for the page."""

MOST_NAMED = 5
"""So many of those that stay as they are are named for each reason: what is said afterwards fits a cookie."""

_LONGEST_NAME = 60

Answer = str | Response | tuple[str, int]


class Stays(Exception):  # it is no error: the others go on
    """Nothing can be done to a row; it says why."""

    def __init__(self, why: Text) -> None:
        """Take the reason."""
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Row:
    """A chosen row: its name, a quieter line, and how it stands now; ``stays`` is why nothing is done to it."""

    id: int
    name: str
    small: str = ""
    now: Text = ""
    stays: Text | None = None


@dataclass(frozen=True)
class Deed:
    """Something that is done to many rows.

    Attributes:
        listing: the rows were chosen of.
        back: the address of that list.
        active: its place in the navigation.
        heading: says what is done to how many.
        means: what that comes to, in a sentence or two.
        now: what the column that tells how rows stand is called.
        button: does it.
        done: says to how many it was done.
        form: what has to be asked.
        look: gives the rows of some ids.
        do: does it to one row, or raises `Stays`.
        danger: whether it takes something away.
        before: what is done once for all of them, before the first: rows of others are locked in their order.
    """

    listing: Listing
    back: str
    active: str
    heading: Callable[[int], str]
    means: Text
    now: Text
    button: Text
    done: Callable[[int], str]
    form: Form
    look: Callable[[Sequence[int]], Iterable[Row]]
    do: Callable[[Session, int], None]
    danger: bool = False
    before: Callable[[Session, Sequence[int]], None] | None = None


def decide(deed: Deed) -> Answer:
    """Show the chosen rows once more and ask what has to be asked; once that is sent, do it, in one transaction."""
    ticked = chosen_rows(session(), deed.listing)
    ids, gone = ticked.ids, no_longer(len(ticked.gone))
    found = {row.id: row for row in deed.look(ids)}
    rows = [found[id_] for id_ in ids if id_ in found]
    going = [row for row in rows if row.stays is None]
    staying = [(row.name, str(row.stays)) for row in rows if row.stays is not None]
    back = kept_in(deed.listing, deed.back)
    if not going:
        if rows or not gone:
            nothing = _("Nothing can be done to any of the chosen rows.") if rows else _("Choose rows first.")
            flash(nothing, "warning")
        _tell(gone, staying)
        return redirect(back, 303)
    chosen = going[:MOST_AT_ONCE]
    sure = request.form.get("sure") == "yes"
    if not sure or not deed.form.validate():
        page = render_template(
            "admin/together.html",
            deed=deed,
            chosen=chosen,
            staying=[*gone, *by_reason(staying)],
            back=back,
            most=MOST_AT_ONCE if len(going) > len(chosen) else None,
        )
        return (page, 400) if sure else page
    done = 0
    with transaction(db.session) as writing:
        if deed.before is not None:
            deed.before(writing, [row.id for row in chosen])
        for row in sorted(chosen, key=lambda row: row.id):  # in one order, whoever else does the same at once
            try:
                with writing.begin_nested():
                    deed.do(writing, row.id)
            except Stays as problem:
                staying.append((row.name, str(problem.why)))
            else:
                done += 1
    if done:
        flash(deed.done(done), "success")
    _tell(gone, staying)
    return redirect(back, 303)


def _tell(gone: Sequence[str], staying: Sequence[tuple[str, str]]) -> None:
    """Say by name what stays as it is, and why; before it, how many rows the list has no longer."""
    for text in (*gone, *by_reason(staying)):
        flash(text, "warning")


def no_longer(gone: int) -> Sequence[str]:
    """Say how many of the chosen rows the list has no longer; nothing where it has them all."""
    if not gone:
        return ()
    text = ngettext(
        "%(num)s chosen row is not in this list any more: somebody was quicker.",
        "%(num)s chosen rows are not in this list any more: somebody was quicker.",
        gone,
    )
    return (text,)


def by_reason(staying: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Give a sentence for each reason, with the names of those that stay as they are for it."""
    reasons: dict[str, list[str]] = {}
    for name, why in staying:
        reasons.setdefault(why, []).append(name)
    for why, names in reasons.items():
        short = [name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…" for name in names]
        told = formats.some_of(short, MOST_NAMED)
        yield ngettext(
            "Stays as it is: %(names)s. %(why)s",
            "Stay as they are: %(names)s. %(why)s",
            len(names),
            names=told.removesuffix("."),  # firms' names end so: the sentence ends once
            why=why,
        )
