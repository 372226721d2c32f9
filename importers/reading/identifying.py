"""Identifying: of which kind a file is, and which of a programme's profiles reads it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.domain.program_file.import_profile import ImportProfile
from app.domain.saying.wording import Said as Sentence
from app.domain.saying.wording import marked
from app.domain.typed.fields import KINDS
from importers.errors import ColumnsMissing, NoProfile
from importers.files.grid import Grid, SheetSeen
from importers.files.texts.encodings import read_otherwise
from importers.layout.columns.columns import columns_of
from importers.layout.columns.spans import has_quarters
from importers.layout.looks.looking import NothingSeen, Seen, fingerprint, look
from importers.layout.tables.handed_back import is_handed_back, is_reason
from importers.layout.tables.header import Said, distinct, top_of
from importers.layout.tables.table import TextTable, as_frame
from importers.reading.card_numbers import refuse_card_numbers
from importers.reading.patterns import fits
from importers.reading.reading import no_table

_ = marked
_HEAD = 300
"""Rows by which the kind of a file is told."""
_LACKED = 100
"""What each needed field counts against a kind that no column holds: as much as one that is surely called so."""
_AMOUNTS = frozenset({"net_amount", "unit_price"})
"""Fields that deliveries do not have."""


@dataclass(frozen=True)
class Identified:
    """What a file is: its kind, where that can be told, what was seen of it, and the profile that reads it.

    ``near`` marks a profile that reads the file, though its source sent another header before: somebody must look.
    ``unfit`` says why the profile that was named does not read it.
    """

    kind: str | None
    seen: Seen
    profile_name: str | None = None
    recognised: bool = False
    near: bool = False
    unfit: Sentence | None = None


def identify(
    grids: Sequence[Grid],
    sheets: Sequence[SheetSeen],
    file_name: str,
    profiles: Mapping[str, ImportProfile],
    *,
    kind: str | None = None,
    profile_name: str | None = None,
    said: Said | None = None,
) -> Identified:
    """Tell what a file is.

    Args:
        grids: its sheets that people see.
        sheets: all of its sheets.
        file_name: what the person calls it; profiles may name patterns of names.
        profiles: of the programme, by name.
        kind: what somebody said it holds.
        profile_name: by which profile somebody said it is read.
        said: where somebody said that its table stands.

    Raises:
        FileRefused: There is no table in it, or none where somebody said.
        CardNumbersFound: It holds numbers of payment cards.
        NoProfile: No profile has the name that somebody said.
    """
    if profile_name is not None:
        if profile_name not in profiles:
            raise NoProfile(_("The programme has no import profile %(profile)s."), profile=repr(profile_name))
        kind = serves(profile_name, profiles[profile_name])
    told = kind or _kind_of(grids, sheets, said)
    seen = _seen(grids, sheets, file_name, told or "sales", said)
    _refuse_cards(grids, seen, file_name)
    if profile_name is not None:
        return Identified(told, seen, profile_name, unfit=_unfit(seen, profiles[profile_name]))
    known = {name: one for name, one in profiles.items() if kind is None or serves(name, one) == kind}
    found, sure = _recognise(seen, file_name, known, handed_back=any(map(is_handed_back, grids)))
    if found is None:
        return Identified(told, seen)
    served = serves(found, profiles[found])
    if not sure and told not in (None, served) and len(seen.columns_of) > len(profiles[found].columns):
        # two columns called code and name are in every list: what the others are called tells more
        return Identified(told, seen)
    if served != seen.kind:
        seen = _seen(grids, sheets, file_name, served, said)
    return Identified(served, seen, found, recognised=sure, near=not sure)


def serves(name: str, profile: ImportProfile) -> str:
    """Give the kind of files that a profile reads."""
    return profile.kind or name


def header_of(seen: Seen, *, handed_back: bool) -> list[str]:
    """Give the names of a file's own columns: without the reason that stands beside rows that were handed back."""
    names = [one.name for one in seen.columns]
    return [one for one in names if not is_reason(one)] if handed_back else names


def _seen(grids: Sequence[Grid], sheets: Sequence[SheetSeen], file_name: str, kind: str, said: Said | None) -> Seen:
    try:
        return look(grids, sheets, kind, said)
    except NothingSeen:
        raise no_table(grids, file_name) from None


def _kind_of(grids: Sequence[Grid], sheets: Sequence[SheetSeen], said: Said | None) -> str | None:
    """Find the kind whose fields the columns are named after; none where two kinds do as well.

    Whose the rows are counts against none: what a distributor sends seldom says who sent it. Delivery notes with
    amounts may be what was delivered as well as what a distributor sold by them: nobody guesses. Where quarters stand
    side by side and no other kind has all that it needs, it is of sales, and refused as such.
    """
    heads = [grid.head(_HEAD) for grid in grids]
    scored, whole = list[tuple[int, str]](), set[str]()
    sold_for = by_quarters = False
    for kind, fields in KINDS.items():
        try:
            seen = look(heads, sheets, kind, said)
        except NothingSeen:
            by_quarters |= kind == "sales" and any(has_quarters(top_of(one)) for one in heads)
            continue
        if seen.months:
            return kind  # nothing but sales is reported month by month
        scores = {one.name: {each.field: each.score for each in one.fields} for one in seen.columns}
        mapped = sum(scores[name].get(field, 0) for field, name in seen.columns_of.items() if name in scores)
        lacked = fields.needed(seen.columns_of) - seen.columns_of.keys() - {"distributor"}
        scored.append((mapped - _LACKED * len(lacked), kind))
        whole |= {kind} if not lacked else set()
        sold_for |= kind == "sales" and not _AMOUNTS.isdisjoint(seen.columns_of)
    scored.sort(reverse=True)
    if by_quarters and not (scored and scored[0][1] in whole):
        return "sales"
    if not scored or scored[0][0] <= 0 or (len(scored) > 1 and scored[0][0] == scored[1][0]):
        return None
    return None if scored[0][1] == "deliveries" and sold_for else scored[0][1]


def _recognise(
    seen: Seen, file_name: str, profiles: Mapping[str, ImportProfile], *, handed_back: bool
) -> tuple[str | None, bool]:
    """Find the profile of a file, and say whether that is sure.

    It is by the file's name, by its header, or where only one profile that keeps no header finds its columns; a profile
    whose source sent another header before is near.
    """
    fit = [name for name, one in profiles.items() if _unfit(seen, one) is None]

    def known(profile: ImportProfile) -> bool:
        headers = (header_of(seen, handed_back=handed_back), *seen.header_names)
        return profile.header_key in {fingerprint(_as_read_by(profile, names, seen)) for names in headers}

    ways = (
        [name for name in fit if (pattern := profiles[name].files) and fits(file_name, pattern)],
        [name for name in fit if known(profiles[name])],
        fit if handed_back else [name for name in fit if profiles[name].header_key is None],
    )
    sure = next((found[0] for found in ways if len(found) == 1), None)
    if sure is not None:
        return sure, True
    return (fit[0] if len(fit) == 1 else None), False


def _unfit(seen: Seen, profile: ImportProfile) -> Sentence | None:
    """Say why a profile does not read a file; None where it does.

    Its header may have fewer rows than are seen: one of two languages, say, in which Kontor read it once.
    """
    why: Sentence | None = None
    for names in ([one.name for one in seen.columns], *seen.header_names):
        try:
            columns_of(_as_read_by(profile, names, seen), profile, seen.header, seen.sheet)
        except ColumnsMissing as missing:
            why = why or missing.said
        else:
            return None
    return why


def _as_read_by(profile: ImportProfile, names: Sequence[str], seen: Seen) -> list[str]:
    """Give names of columns as a profile reads them that says in which encoding its source writes."""
    found, said = seen.encoding, profile.encoding
    if found is None or said is None or found.startswith("utf"):
        return list(names)
    return [read_otherwise(one, found, said) for one in names]


def _refuse_cards(grids: Sequence[Grid], seen: Seen, file_name: str) -> None:
    """Look for numbers of payment cards, of which not even samples may be kept."""
    for grid in grids:
        names = [""] * grid.cells.num_columns
        if grid.name == seen.sheet:
            top = top_of(grid)
            at = int(grid.row_number.searchsorted(seen.header)) + seen.header_rows - 1
            names = top[at] if at < len(top) else names
        frame = as_frame(grid.cells.rename_columns(distinct(names, ())))
        table = TextTable(frame, grid.row_number, broken=dict(grid.broken))
        refuse_card_numbers(table, seen.columns_of, file_name)
