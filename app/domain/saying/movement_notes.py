"""What the machine notes in the ledger beside what it moves, and how that is said.

It is noted in English, whoever reads it: what stands in the ledger is never written anew.
"""

from collections.abc import Mapping

from app.domain.saying.wording import marked

_ = marked

FIRST_PURCHASE = "first purchase now"
NO_SALE = "referral: no sale counts any more"
CORRECTED = "import {number}: corrected"
CLAIMED, CLAIMED_BY_NOBODY = "{names}: claimed", "–: claimed"

NOTES: Mapping[str, str] = {
    r"^conversion ([0-9]{1,18})$": _("Conversion run %(number)s"),
    r"^conversion ([0-9]{1,18}) cancelled$": _("Conversion run %(number)s was called off"),
    r"^conversion ([0-9]{1,18}): the load failed$": _("Conversion run %(number)s: the load failed"),
    rf"^{NO_SALE}$": _("Whoever they brought has no sale that counts any more"),
    rf"^{FIRST_PURCHASE}$": _("The first purchase by now"),
    r"^import ([0-9]{1,18}): corrected$": _("Corrected by import %(number)s"),
    rf"^{CLAIMED_BY_NOBODY}$": _("Claimed by nobody any more"),
    r"^(.+): claimed$": _("Claimed by %(number)s"),
}
"""Patterns, as Python and PostgreSQL read them, of what is noted whole, each with its sentence: the number is the first
group, of a run or an import or, where a sale was claimed, the names of whoever did."""
