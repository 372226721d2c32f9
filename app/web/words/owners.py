"""What pages say of whose points they are: what cannot be done and why, what moves with a merge, and states."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.services.owners.errors import OwnersError
from app.web import formats
from app.web.lists.describing import Badge

_WHY: Mapping[str, Any] = {
    "not_waiting": _("Somebody was quicker: it is decided by now."),
    "same_person": _("You asked for this: a second person must approve it."),
    "not_allowed": _("This programme does not let points be given from one participant to another."),
    "key_taken": _("Another transfer was asked for with this form; open it anew."),
    "note": _("Say why, without the number of a card."),
    "no_participants": _("Points go from one distributor of the programme to another one."),
    "blocked": _("A distributor that is blocked neither gives points nor gets them."),
    "not_spending": _("The points of this pool are spent by its holder alone."),
    "same_wallet": _("Both have one balance already: nothing would move."),
    "not_yours": _("The programme lets others approve transfers."),
    "incomplete": _("A pool has a name, a holder, and says who may spend."),
    "no_distributor": _("The programme has no such distributor, or it was merged into another one."),
    "in_a_pool": _("It stands in a pool already; it leaves that one first."),
    "name_taken": _("The programme has a pool of this name already."),
    "company_and_person": _("A company and an account of a person, or people of two companies, are not one."),
    "reserved": _("Some of its points are reserved for a top-up or an order: that is done or called off first."),
    "has_members": _("The pool has members: they leave first."),
    "closed": _("The pool is closed."),
    "no_member": _("It is no member of this pool."),
    "itself": _("Choose two distributors."),
    "merged_before": _("One of them was merged before."),
    "its_head_office": _("The survivor is a branch of the other: take it out from below that first."),
    "branches_of_a_branch": _("The merged one has branches, and the survivor is a branch itself."),
    "import_running": _("A file is being imported: merge them when it is done."),
    "asked_before": _("Somebody asked to merge this distributor already."),
    "undecided": _("Of each document that both have with other content, say which one counts."),
}


def why_not(error: OwnersError) -> str:
    """Say why something cannot be done."""
    figures = {name: formats.points(value) for name, value in error.figures.items()}
    if error.code == "too_few":
        return gettext("At least %(least)s points are given at once.", **figures)
    if error.code == "too_many":
        return gettext("In this month, %(left)s points more may be given away.", **figures)
    if error.code == "uncovered":
        return gettext("There are not so many points: %(available)s are available.", **figures)
    return str(_WHY[error.code])


def against(code: str) -> str:
    """Say what stands against a merge."""
    return str(_WHY[code])


BELONGINGS: Mapping[str, Any] = {
    "documents": _("Documents"),
    "people": _("People"),
    "invitations": _("Invitations"),
    "applications": _("Applications"),
    "aliases": _("Names in files"),
    "unknown_names": _("Unknown names"),
    "claims": _("Claims"),
    "deliveries": _("Deliveries"),
    "adjustments": _("Adjustments"),
    "transfers": _("Transfers"),
    "disputes": _("Disputes"),
    "orders": _("Orders"),
    "instant_rewards": _("Rewards for sales"),
    "purchase_credits": _("Purchase credits"),
    "baskets": _("Rewards set aside"),
    "targets": _("Targets of promotions"),
    "notices": _("Notices"),
    "branches": _("Branches"),
    "people_accounts": _("People’s accounts"),
    "cards": _("Cards"),
    "points": _("Points"),
    "undone": _("Documents of both that count once"),
}
"""What goes over with a merge."""

MERGE_STATE: Mapping[str, Badge] = {
    "waiting": Badge(_("Waits for a second person"), "wait"),
    "done": Badge(_("Merged"), "good"),
    "refused": Badge(_("Refused"), "bad"),
    "withdrawn": Badge(_("Withdrawn"), "plain"),
}

SPENDING: Mapping[str, Any] = {"holder": _("The holder alone"), "members": _("Every member")}
