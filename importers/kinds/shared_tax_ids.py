"""Tax ids that two distributors have: one company that stands here twice earns twice, and its limits hold for each."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from app.domain.documents.seller_keys import seller_key
from app.domain.typed.codes import code_key
from app.services.participants.distributor_rows import DistributorRow
from importers.kinds.named_rows import noticed


def shared_tax_ids(
    rows: Mapping[int, DistributorRow], here: Mapping[str, tuple[str, str]], offices: Mapping[str, str | None]
) -> list[dict[str, Any]]:
    """Tell of rows whose tax id another distributor has, each with one that has it. They stay: only people know.

    A head office and its branches are one company, and so are branches of the same one.

    Args:
        rows: the distributors of the file, by row.
        here: code and tax id of those that were known before, by code key.
        offices: the head offices that were known before, likewise.
    """
    said = {code_key(one.code): one for one in rows.values()}
    above = {**offices, **{key: code_key(one.head_office) for key, one in said.items() if one.head_office}}
    stated = {key: (one.code, one.tax_id) for key, one in said.items() if one.tax_id is not None}
    bearers: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for key, (code, tax_id) in {**here, **stated}.items():
        bearers[seller_key(tax_id)][key] = code
    found: dict[int, str] = {}
    for row, one in rows.items():
        if one.tax_id is None:
            continue
        own = code_key(one.code)
        company = above.get(own) or own
        others = {
            key: code for key, code in bearers[seller_key(one.tax_id)].items() if (above.get(key) or key) != company
        }
        if others:
            found[row] = f"{one.tax_id} / {others[min(others)]}"
    return noticed("tax_ids_shared", found)
