"""The list of imports: what it is sorted and filtered by, and what of it is taken away."""

from typing import Any

from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext
from sqlalchemy import Select, func, select

from app.domain.states import BatchStatus
from app.models.imports import ImportBatch
from app.web.lists.describing import HERE, Badge, Choice, Column, Kind, Listing, Moments, OneOf, Search, To
from app.web.words import imports as import_words
from importers.batches.listed import counted, standing

_QUERY: Select[Any] = select().select_from(ImportBatch).where(ImportBatch.program_id == HERE)
_ROWS = counted("rows_read") - counted("rows_recognised")
_ACCEPTED, _HELD, _REFUSED = counted("lines_accepted"), counted("lines_held"), counted("lines_refused")
_POINTS, _STANDING = counted("points_awarded"), standing()

STATE = {
    "running": Badge(_("Running"), "busy"),
    "done": Badge(_("Done"), "good"),
    "failed": Badge(_("Failed"), "bad"),
    "undone": Badge(_("Undone"), "plain"),
}
"""How imports stand, as they are looked for: of one that runs the list itself says how far it is."""

_OF = {
    BatchStatus.DONE: "done",
    BatchStatus.FAILED: "failed",
    BatchStatus.UNDONE: "undone",
}

IMPORTS = Listing(
    name="imports",
    title=_("Imports"),
    columns=(
        Column(
            "file",
            _("File"),
            ImportBatch.file_name,
            sort=ImportBatch.file_name,
            link=To("imports.show", batch_id="row_id"),
        ),
        Column("kind", _("What"), ImportBatch.kind, words=import_words.kind),
        Column("profile", _("Profile"), ImportBatch.profile_name, shown=False),
        Column("begun", _("Begun"), ImportBatch.created_at, Kind.INSTANT, ImportBatch.created_at),
        Column("by", _("By"), ImportBatch.created_by, Kind.PERSON, shown=False),
        Column("rows", _("Rows"), _ROWS, Kind.NUMBER, _ROWS),
        Column("accepted", lazy_pgettext("rows", "Accepted"), _ACCEPTED, Kind.NUMBER, _ACCEPTED),
        Column("held", lazy_pgettext("rows", "Held"), _HELD, Kind.NUMBER, _HELD),
        Column("refused", lazy_pgettext("rows", "Refused"), _REFUSED, Kind.NUMBER, _REFUSED),
        Column("points", _("Points"), _POINTS, Kind.POINTS, _POINTS, phone=False),
        Column("state", _("State"), _STANDING, badge=lambda status: STATE[_OF.get(status, "running")]),
        Column("dry_run", _("Check only"), ImportBatch.dry_run, words=lambda dry: _("yes") if dry else "", shown=False),
        Column("sha256", "SHA-256", func.encode(ImportBatch.file_sha256, "hex"), Kind.CODE, shown=False),
    ),
    query=_QUERY,
    id=ImportBatch.id,
    default="-begun",
    filters=(
        Search(ImportBatch.file_name, people=[ImportBatch.created_by], title=_("File or person")),
        OneOf.named("kind", _("What"), ImportBatch.kind, import_words.KINDS),
        OneOf(
            "state",
            _("State"),
            [Choice(name, badge.text) for name, badge in STATE.items()],
            lambda value: _STANDING.in_([one for one in BatchStatus if _OF.get(one, "running") == value]),
        ),
        OneOf(
            "rows",
            _("Rows"),
            [Choice("held", _("some are held")), Choice("refused", _("some are refused"))],
            lambda value: {"held": _HELD, "refused": _REFUSED}[value] > 0,
        ),
        Moments("begun", _("Begun"), ImportBatch.created_at),
    ),
)
