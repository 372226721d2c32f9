"""What files call tax statuses, roles, yes and no, beside our own names: in the languages of those who send them."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TypeVar

from app.domain.roles import Role
from app.domain.states import TaxStatus
from importers.layout.words.synonyms import spoken

Meant = TypeVar("Meant", bound=StrEnum)


def _called(kind: Iterable[Meant], words: Mapping[Meant, str]) -> Mapping[str, Meant]:
    """Give what each word means; our own names mean themselves."""
    of_others = {spoken(word): one for one, said in words.items() for word in said.split("|")}
    return of_others | {spoken(one.value): one for one in kind}


_STATUSES = _called(
    TaxStatus,
    {
        TaxStatus.PRIVATE_PERSON: """private person|private individual|individual|consumer|osoba prywatna|osoba fizyczna
            |konsument|particular|persona física|persona particular|физическое лицо|физлицо|физ лицо|privatperson
            |particulier""",
        TaxStatus.SOLE_TRADER: """sole trader|sole proprietor|self employed|jdg|jednoosobowa działalność gospodarcza
            |jednoosobowa działalność|działalność gospodarcza|osoba fizyczna prowadząca działalność gospodarczą
            |autónomo|empresario individual|индивидуальный предприниматель|ип|einzelunternehmer|einzelunternehmen
            |entrepreneur individuel""",
        TaxStatus.COMPANY: """company|corporation|legal entity|firma|spółka|osoba prawna|przedsiębiorstwo|sp z o o|s a
            |empresa|sociedad|persona jurídica|компания|юридическое лицо|юрлицо|юр лицо|ооо|gesellschaft|unternehmen
            |gmbh|société|entreprise""",
        TaxStatus.DISTRIBUTOR_EMPLOYEE: """employee of a distributor|distributor s employee|pracownik dystrybutora
            |empleado de un distribuidor|empleado del distribuidor|сотрудник дистрибьютора|сотрудник дистрибутора
            |mitarbeiter des händlers|employé du distributeur""",
        TaxStatus.OWN_EMPLOYEE: """employee of the sponsor|own employee|our employee|pracownik sponsora
            |pracownik własny|empleado del patrocinador|empleado propio|сотрудник спонсора|eigener mitarbeiter""",
        TaxStatus.BUSINESS_FRIEND: """business friend|partner biznesowy|contacto de negocios|деловой партнёр
            |деловой партнер|geschäftsfreund""",
    },
)
_ROLES = _called(
    (Role.OWNER, Role.REP),
    {
        Role.OWNER: """właściciel|właścicielka|propietario|propietaria|dueño|dueña|владелец
            |владелица|inhaber|inhaberin|propriétaire""",
        Role.REP: """sales rep|sales representative|salesperson|przedstawiciel handlowy|przedstawiciel
            |przedstawicielka|handlowiec|sprzedawca|comercial|vendedor|vendedora|торговый представитель|менеджер
            |продавец|vertreter|verkäufer|commercial|vendeur""",
    },
)


def tax_status_called(text: str) -> TaxStatus | None:
    """Tell which tax status a cell means; None where it is none that is known."""
    return _STATUSES.get(spoken(text))


def role_called(text: str) -> Role | None:
    """Tell which role at a distributor a cell means; None where it is none that is known."""
    return _ROLES.get(spoken(text))


YES = frozenset({"1", "y", "yes", "true", "t", "tak", "prawda", "si", "sí", "да", "x"})
NOTHING = frozenset(
    {
        *("(blank)", "(blanks)", "(empty)", "(puste)", "(leer)", "(en blanco)", "(vacío)", "(vide)", "(пусто)"),
        *("(пустые)", "(vuoto)", "(vuote)", "(prázdné)", "(prázdný)"),
    }
)
"""What pivot tables write of an empty cell: as a name or a number it would be one of many rows that lack theirs."""
NO = frozenset({"0", "n", "no", "false", "f", "nie", "fałsz", "нет"})


def says_nothing(text: str) -> bool:
    """Say whether a text stands for an empty cell in the languages of our users."""
    return text.casefold() in NOTHING


def says_yes_or_no(text: str) -> bool:
    """Say whether a text is a yes or a no in the languages of our users."""
    return text.casefold() in YES | NO
