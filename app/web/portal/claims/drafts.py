"""The list of a distributor's drafts: whoever does not see all of them sees what they wrote, or what is for them."""

from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, Select, func, or_, select

from app.domain.states import ClaimState
from app.models.claims import Claim
from app.web.access.own import own_names
from app.web.context import distributor_here, person, scope
from app.web.lists.describing import Column, Kind, Listing, To


def _query() -> Select[Any]:
    here = scope()
    return (
        select()
        .select_from(Claim)
        .where(
            Claim.program_id == here.program.id,
            Claim.distributor_id == distributor_here().id,
            Claim.state == ClaimState.DRAFT,
            *_own_only(),
        )
    )


def _own_only() -> tuple[ColumnElement[bool], ...]:
    """Give the condition under which a claim is shown: some see all of them, others what they wrote or is for them."""
    here, who = scope(), person()
    names = own_names(who, here.program.id, distributor_here().id)
    if names is None:
        return ()
    return (or_(Claim.author == who.login, func.lower(func.trim(Claim.person)).in_(names)),)


DRAFTS = Listing(
    name="claim_drafts",
    title=_("Drafts"),
    columns=(
        Column(
            "number",
            _("Invoice"),
            func.coalesce(func.nullif(Claim.content["number"].astext, ""), "–"),
            link=To("portal_claims.edit", claim_id="row_id"),
        ),
        Column("changed_at", _("Changed"), Claim.changed_at, Kind.INSTANT, Claim.changed_at),
        Column("lines", _("Lines"), func.jsonb_array_length(Claim.content["lines"]), Kind.NUMBER),
        Column("person", _("Sales rep"), Claim.person, Kind.PERSON, phone=False),
        Column("author", _("Written by"), Claim.author, phone=False),
    ),
    query=_query,
    id=Claim.id,
    default="-changed_at",
    filters=(),
)
