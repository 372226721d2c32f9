"""A programme's rules ready to run, with its settings: what every use case that moves points is handed."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.measures.money import decimal_text
from app.domain.points.expiry import Lasting
from app.domain.program_file.definition import ProgramSettings
from app.domain.program_file.point_terms import PointTerms
from app.domain.rules.rulebook import RuleBook
from app.domain.states import Unit


@dataclass(frozen=True)
class ProgramRules:
    """A programme's settings with its compiled rules, as they were at ``stamp``."""

    program_id: int
    stamp: int
    currency: str
    currency_decimals: int
    time_zone: str
    point_value_micro: int
    settings: ProgramSettings
    book: RuleBook
    accounts: Mapping[Unit, int]
    """The programme's own account in each unit: the other side of every transaction."""
    sample_key: bytes
    """Tells which claims are drawn."""
    terms: Mapping[int, PointTerms]
    """What rules say of their points, by the number that lots bear."""
    may_end_idle: bool
    """Whether some points end by idleness: then they are written off before an account is active again."""
    has_people: bool
    """Whether people have accounts of their own beside their company's."""
    lets_go: bool
    """Whether nobody may owe, or once might not: then some of what was to be taken back was let go."""

    def lasting(self, terms_id: int = 0) -> Lasting:
        """Say how long points last that are given under a rule's terms (0: under the programme's)."""
        terms = self.terms.get(terms_id)
        return self.settings.expiry.lasting if terms is None or terms.expiry is None else terms.expiry.lasting

    def in_words(self, unit: Unit, amount: int) -> str:
        """Write an amount with what it is of, for reasons that are kept."""
        if unit is Unit.MONEY:
            return f"{decimal_text(amount, self.currency_decimals)} {self.currency}"
        point = self.settings.point
        return f"{decimal_text(amount, point.decimals)} {point.plural}"
