"""Whether a seller's tax id that somebody typed can be one."""

import re
from dataclasses import dataclass

from app.domain.program_file.registration import tax_id_key
from app.domain.taxes.tax_ids import Fault, country_of, fault_of

_NO_PART = re.compile(r"[\W_]+")
_OF_ELSEWHERE = re.compile(r"[A-Z]{2}[0-9]{5,}")


@dataclass(frozen=True)
class Sellers:
    """How tax ids of sellers are judged: by the rules of the programme's country, where none stands before them.

    ``known`` are tax ids, as they are compared, that the programme wrote itself: they are taken as they are.
    """

    country: str
    known: frozenset[str] = frozenset()

    def fault_of(self, tax_id: str) -> Fault | None:
        """Say what is wrong with a tax id that was typed; None where nothing is.

        One that begins with another country's letters is judged by that country's rules. Where nobody here knows them,
        it is two letters and figures.
        """
        if tax_id_key(tax_id) in self.known:
            return None
        if country_of(tax_id) is None and _OF_ELSEWHERE.fullmatch(_NO_PART.sub("", tax_id).upper()):
            return None
        return fault_of(tax_id, self.country)
