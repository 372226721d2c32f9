"""Targets of single distributors for a promotion, from a sheet: they stand before what the promotion says."""

from collections import defaultdict
from decimal import Decimal

from app.domain.measures.scale import AmountUnfit
from app.domain.promoting.promotion_terms import amount_of
from app.domain.states import Outcome, PromotionState
from app.domain.typed.codes import code_key
from app.models.promotions import Promotion
from app.services.participants import distributors
from app.services.promotions import publishing, reading
from app.services.rulebooks import rules_of
from importers.kinds.desk import Desk, Loaded
from importers.kinds.figures import targets_of
from importers.kinds.rows import ThingRows
from importers.kinds.twice import Twice
from importers.problems.problems import Problems


def load(desk: Desk, rows: ThingRows, problems: Problems) -> Loaded:
    """Set targets, each in the metric of its promotion; 0 takes one's own target away.

    A distributor or a promotion that nobody knows holds its row. The promotion may be left out where one is open. A
    second target of the same, however it is called there, is refused.
    """
    session, program = desk.session, desk.program
    open_ = {
        code_key(one.code): one
        for one in reading.promotions_of(session, program.id)
        if one.state is not PromotionState.CLOSED
    }
    only = next(iter(open_)) if len(open_) == 1 else ""
    known = distributors.company_ids(session, program.id)
    written = targets_of(desk, rows, "target", problems)
    scale = reading.scale_of(rules_of(session, program.id))
    found: dict[int, dict[int, int]] = defaultdict(dict)
    twice = Twice(rows, "target", written, problems)
    by_id: dict[int, Promotion] = {one.id: one for one in open_.values()}
    metrics = {one.id: reading.definition_of(session, one).metric for one in open_.values()}
    for row, cells in rows:
        promotion = open_.get(code_key(cells.get("promotion") or only))
        owner = known.get(code_key(str(cells["distributor"])))
        if promotion is None:
            field, expected = rows.columns.get("promotion", "promotion"), ", ".join(sorted(open_)) or "-"
            named = repr(cells.get("promotion") or "")
            problems.add(row, Outcome.HELD, "no_such_value", field=field, found=named, expected=expected)
        if owner is None:
            problems.add(row, Outcome.HELD, "unknown_distributor", found=repr(cells["distributor"]))
        if promotion is None or owner is None or row in problems.outcome:
            continue
        try:
            value = amount_of(scale, metrics[promotion.id], Decimal(written[row]).scaleb(-3))
        except AmountUnfit:
            value = -1
        if value < 0:
            field, shown = rows.columns["target"], repr(cells["target"])
            problems.add(row, Outcome.REFUSED, "no_such_value", field=field, found=shown, expected="0, 1, 2")
            continue
        if not twice.found((promotion.id, owner), row, cells):
            found[promotion.id][owner] = value
    made = [
        publishing.put_targets(session, by_id[id_], values, actor=desk.actor, now=desk.now)
        for id_, values in sorted(found.items())  # in one order, whatever the file's: each is held from here on
    ]
    created, changed = sum(one for one, _ in made), sum(one for _, one in made)
    return Loaded(created, changed, sum(map(len, found.values())) - created - changed + twice.repeated)
