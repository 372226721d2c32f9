"""Rows become documents: lines put together, whatever their order."""

from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.documents.sales import NO_AMOUNT, UNKNOWN
from app.domain.states import DocumentKind
from importers.batches.sharding import cut
from importers.batches.store import BatchFiles
from tests.importers.typed.results import Result, Row, line
from verification.incoming import Incoming, document_keys
from verification.recognising import content_hashes

# --- grouping -----------------------------------------------------------------------------------------------------


@st.composite
def reports(draw: st.DrawFn) -> tuple[list[list[str | None]], list[int]]:
    """Write documents with keys of their own, then choose an order of their rows."""
    keys = draw(
        st.lists(st.tuples(st.integers(1, 4), st.integers(1, 8), st.booleans()), min_size=1, max_size=8, unique=True)
    )
    rows: list[list[str | None]] = []
    for at, (who, number, credit) in enumerate(keys):
        for _ in range(draw(st.integers(1, 4))):
            rows.append(
                line(
                    f"{'KOR' if credit else 'FV'}/{number}/2026",
                    distributor=f"D{who}",
                    date=f"2026-03-{1 + at % 5:02d}",
                    product=f"P{draw(st.integers(1, 5))}",
                    quantity=str(draw(st.integers(1, 9))),
                    net=str(draw(st.integers(1, 99))),
                )
            )
    return rows, draw(st.permutations(range(len(rows))))


@settings(max_examples=50, deadline=None)
@given(report=reports())
def test_documents_are_put_together_by_key_whatever_the_order_of_the_rows(
    report: tuple[list[list[str | None]], list[int]],
) -> None:
    rows, order = report
    shuffled = [rows[at] for at in order]
    result = Result(shuffled, credit_note={"number_prefix": "kor"})
    assert not result.outcomes
    expected: dict[tuple[str, str], list[int]] = defaultdict(list)
    for at, row in enumerate(shuffled):
        expected[str(row[2]), str(row[0])].append(at + 2)
    found = {(f"D{one['distributor'] - 100}", one["number"]): one for one in result.documents}
    assert {key: one["rows"] for key, one in found.items()} == expected
    for one in found.values():
        assert one["lines"] == list(range(1, len(one["rows"]) + 1))
        assert one["kind"] is (DocumentKind.CREDIT_NOTE if one["number"].startswith("KOR") else DocumentKind.INVOICE)
    order_of = [(one["on"], one["kind"], one["number"]) for one in result.documents]
    assert order_of == sorted(order_of)
    hashes = dict(zip(document_keys(result.incoming), content_hashes(result.incoming.sales), strict=True))
    plain = Result(rows, credit_note={"number_prefix": "kor"}).incoming
    assert hashes == dict(zip(document_keys(plain), content_hashes(plain.sales), strict=True))


def test_two_spellings_of_one_number_that_stand_together_are_one_document() -> None:
    result = Result([line("FV/1/2026"), line("fv 1/26", net="20"), line("FV/2/2026")])
    assert [one["rows"] for one in result.documents] == [[2, 3], [4]]
    assert result.documents[0]["number"] == "FV/1/2026"
    assert result.documents[0]["nets"] == [1000, 2000]


def test_a_document_that_comes_again_under_another_spelling_is_a_repetition() -> None:
    rows = [
        line("FV/1/2026"),
        line("FV/1/2026", product="P2"),
        line("X"),
        line("fv-01-2026", product="P2"),
        line("fv-01-2026"),
    ]
    result = Result(rows)
    assert not result.outcomes
    assert result.grouped.repeated_rows.tolist() == [5, 6]
    assert [one["rows"] for one in result.documents] == [[2, 3], [4]]


@pytest.mark.parametrize(
    "changed",
    [
        {"quantity": "2"},
        {"net": "10.01"},
        {"product": "P3"},
        {"date": "2026-02-27"},
        {"gross": "12.31"},
        {"outlet": "Łódź"},
        {"discounted": "tak"},
    ],
    ids=lambda one: next(iter(one)),
)
def test_one_that_comes_again_with_other_content_is_held_and_the_first_counts(changed: dict[str, str]) -> None:
    more = {"gross_amount": "gross", "outlet": "outlet", "discounted": "discounted"}
    usual = {"gross": "12.30", "outlet": "Kraków", "discounted": "nie"}

    def row(number: str, **other: str) -> list[str | None]:
        extra = usual | {name: other.pop(name) for name in list(other) if name in usual}
        return [*line(number, **other), *extra.values()]

    rows = [
        row("FV/1/2026"),
        row("FV/1/2026", product="P2"),
        row("X"),
        row("FV 1/2026", **changed),
        row("FV 1/2026", product="P2"),
    ]
    result = Result(rows, more)
    assert result.outcomes == {5: ("held", "changed_document"), 6: ("held", "changed_document")}
    assert result.reason(5)["number"] == "FV 1/2026"
    assert [one["rows"] for one in result.documents] == [[2, 3], [4]]
    assert not result.grouped.repeated_rows.size


def test_where_one_of_two_spellings_has_a_bad_row_all_wait() -> None:
    rows = [line("FV/1/2026"), line("X"), line("FV 1/2026", quantity="x"), line("FV 1/2026", product="P2")]
    result = Result(rows)
    assert result.outcomes == {
        2: ("held", "document_incomplete"),
        4: ("refused", "not_a_number"),
        5: ("held", "document_incomplete"),
    }


def test_one_number_of_two_distributors_is_two_documents() -> None:
    result = Result([line(distributor="D1"), line(distributor="D2"), line(distributor="d1", net="5")])
    assert [(one["distributor"], one["rows"]) for one in result.documents] == [(101, [2, 4]), (102, [3])]
    assert len(set(document_keys(result.incoming))) == 2


def test_a_sellers_number_is_one_document_whoever_sends_it_and_a_second_distributor_is_held() -> None:
    rows = [
        [*line(distributor="D1"), "PL 525"],
        [*line(distributor="D1", net="20"), "pl525"],
        [*line(distributor="D2"), "PL525"],
        [*line(distributor="D2", number="FV/2/2026"), "PL525"],
        [*line(distributor="D2"), "PL 999"],
        [*line(distributor="D2"), None],
    ]
    result = Result(rows, {"seller_tax_id": "seller"})
    assert result.outcomes == {4: ("held", "changed_document")}
    assert sorted((one["distributor"], one["rows"]) for one in result.documents) == [
        (101, [2, 3]),
        (102, [5]),
        (102, [6]),
        (102, [7]),
    ]
    assert sorted(document_keys(result.incoming)) == [
        "1|distributor:102|1.26",
        "1|tax:PL525|1.26",
        "1|tax:PL525|2.26",
        "1|tax:PL999|1.26",
    ]


def test_a_second_distributors_bad_rows_do_not_hold_the_first_ones_document() -> None:
    rows = [
        [*line(distributor="D1"), "1"],
        [*line(distributor="D2", quantity="x"), "1"],
        [*line(distributor="D2"), "1"],
    ]
    result = Result(rows, {"seller_tax_id": "seller"})
    assert result.outcomes == {3: ("refused", "not_a_number"), 4: ("held", "changed_document")}
    assert [one["rows"] for one in result.documents] == [[2]]


@pytest.mark.parametrize(
    ("spoilt", "outcome", "code"),
    [
        ({"date": None}, "refused", "missing"),
        ({"date": "31.02.2026"}, "refused", "not_a_date"),
        ({"quantity": "x"}, "refused", "not_a_number"),
        ({"net": "1..2"}, "refused", "not_a_number"),
        ({"product": "P?"}, "held", "unknown_product"),
        ({"product": None}, "refused", "missing"),
    ],
    ids=lambda one: str(one),
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_bad_row_holds_its_whole_document_and_is_named(
    spoilt: dict[str, str | None], outcome: str, code: str, place: int
) -> None:
    rows = [line("A", product=f"P{at + 1}") for at in range(3)]
    rows[place] = line("A", **spoilt)
    rows.insert(1, line("B"))
    number = place + 2 + (place > 0)
    result = Result(rows)
    assert result.outcomes[number] == (outcome, code)
    others = {2, 4, 5} - {number}
    for other in others:
        assert result.outcomes[other] == ("held", "document_incomplete")
        assert result.reason(other)["because"] == number
    assert [one["rows"] for one in result.documents] == [[3]]


def test_a_row_without_its_distributor_holds_the_sellers_document() -> None:
    rows = [[*line(distributor=None), "1"], [*line(), "1"], [*line(), None], [*line(distributor=None), None]]
    result = Result(rows, {"seller_tax_id": "seller"})
    assert result.outcomes == {
        2: ("refused", "missing"),
        3: ("held", "document_incomplete"),
        5: ("refused", "missing"),
    }
    assert [one["rows"] for one in result.documents] == [[4]]


def test_a_row_that_does_not_fit_the_header_holds_the_document_that_it_names() -> None:
    rows = [line("FV/1/2026"), line("FV/2/2026"), line("FV/2/2026", distributor="D2"), line("FV/3/2026")]
    broken = {7: ["FV/2/2026", "2026-03-01", " d1 ", "P1", "1", "10", ""], 9: ["Total"], 10: ["FV/3/2026", "x"]}
    result = Result(rows, broken=broken)
    assert result.outcomes == {3: ("held", "document_incomplete")}
    assert result.reason(3)["because"] == 7
    assert [(one["distributor"], one["number"]) for one in result.documents] == [
        (101, "FV/1/2026"),
        (102, "FV/2/2026"),
        (101, "FV/3/2026"),
    ]


def test_the_earliest_date_counts_with_its_time() -> None:
    rows = [
        line("A", date="2026-03-05 09:00:00"),
        line("A", date="2026-03-02 15:30:00"),
        line("A", date="2026-03-02 14:00:00"),
        line("B", date="2026-03-03"),
        line("B", date="2026-03-03 07:00:00"),
    ]
    documents = Result(rows).incoming.sales.documents
    assert [str(day) for day in documents.issued_on] == ["2026-03-02", "2026-03-03"]
    assert documents.minute.tolist() == [14 * 60, 7 * 60]
    dateless = Result([line("A"), line("A", date="2026-02-28")]).incoming.sales.documents
    assert [str(day) for day in dateless.issued_on] == ["2026-02-28"]
    assert dateless.minute.tolist() == [UNKNOWN]


def test_a_number_is_read_with_the_year_of_its_documents_earliest_line() -> None:
    """FV/5/2025 of a document of December is the same as FV/5/25, though a line of it is of January."""
    rows = [
        line("FV/5/2025", date="2026-01-02"),
        line("FV/5/2025", date="2025-12-31"),
        line("FV/5/25", date="2025-12-30"),
    ]
    result = Result(rows)
    assert [one["rows"] for one in result.documents] == [[2, 3, 4]]
    assert result.incoming.number_key.tolist() == ["5.25"]


def test_line_numbers_are_places_or_the_files_own() -> None:
    rows = [line("A", product="P1"), line("B"), line("A", product="P2"), line("A", product="P3")]
    assert [(one["rows"], one["lines"]) for one in Result(rows).documents] == [([2, 4, 5], [1, 2, 3]), ([3], [1])]
    numbered = [[*row, at] for row, at in zip(rows, ["7", "1", "3", "12"], strict=True)]
    found = Result(numbered, line_number="Lp.").documents
    assert [(one["rows"], one["lines"]) for one in found] == [([4, 2, 5], [3, 7, 12]), ([3], [1])]


@pytest.mark.parametrize("wrong", ["0", "-1", "1.5", "a", "1234567890", "٣", ""])
def test_a_line_number_is_a_whole_number_from_one(wrong: str) -> None:
    result = Result([[*line("A"), wrong], [*line("A"), "1"], [*line("B"), "1"]], line_number="Lp.")
    assert result.outcomes == {
        2: ("refused", "not_a_line_number" if wrong else "missing"),
        3: ("held", "document_incomplete"),
    }
    assert [one["number"] for one in result.documents] == ["B"]


def test_a_line_number_that_stands_twice_in_a_document_refuses_both_and_holds_the_rest() -> None:
    rows = [[*line("A"), "1"], [*line("B"), "1"], [*line("A"), "2"], [*line("A"), "1"], [*line("B"), "2"]]
    result = Result(rows, line_number="Lp.")
    assert result.outcomes == {
        2: ("refused", "line_number_repeated"),
        4: ("held", "document_incomplete"),
        5: ("refused", "line_number_repeated"),
    }
    assert result.reason(2) == {"code": "line_number_repeated", "number": "A", "found": 1}
    assert [one["number"] for one in result.documents] == ["B"]


def test_credit_notes_are_told_by_the_numbers_prefix() -> None:
    rows = [line("KOR/1/2026"), line(" kor/2/2026"), line("FV/KOR/1"), line("KO/3")]
    found = Result(rows, credit_note={"number_prefix": "Kor"}, sold=["kor"]).documents
    assert [(one["number"], one["kind"].name) for one in found] == [
        ("FV/KOR/1", "INVOICE"),
        ("KO/3", "INVOICE"),
        ("KOR/1/2026", "CREDIT_NOTE"),
        ("kor/2/2026", "CREDIT_NOTE"),
    ]
    assert all(one["kind"] is DocumentKind.INVOICE for one in Result(rows, sold=["KOR"]).documents)


def test_credit_notes_are_told_by_a_column() -> None:
    rows = [[*line("1"), "Korekta"], [*line("1"), "faktura"], [*line("2"), " KOREKTA "], [*line("3"), None]]
    result = Result(rows, credit_note={"column": "Typ", "values": ["korekta", "KFS"]})
    assert [(one["number"], one["kind"].name, one["rows"]) for one in result.documents] == [
        ("1", "INVOICE", [3]),
        ("3", "INVOICE", [5]),
        ("1", "CREDIT_NOTE", [2]),
        ("2", "CREDIT_NOTE", [4]),
    ]


def test_documents_count_by_date_then_invoices_then_number() -> None:
    rows = [
        line("KOR/1", date="2026-03-01"),
        line("FV/9", date="2026-03-01"),
        line("FV/10", date="2026-03-01"),
        line("FV/1", date="2026-03-02"),
        line("FV/11", date="2026-02-28", distributor="D3"),
    ]
    found = [one["number"] for one in Result(rows, credit_note={"number_prefix": "KOR"}).documents]
    assert found == ["FV/11", "FV/10", "FV/9", "KOR/1", "FV/1"]


def test_a_document_takes_the_first_text_and_the_first_total_that_its_rows_give() -> None:
    more = {"corrects": "corrects", "outlet": "outlet", "document_total": "total"}
    rows = [
        [*line("A"), None, " ", None],
        [*line("A"), "FV/7", "Kraków", "20"],
        [*line("A"), "FV/8", "Łódź", "30"],
        [*line("B"), None, None, None],
    ]
    incoming = Result(rows, more, sold=["corrects"]).incoming
    assert incoming.sales.documents.corrects.tolist() == ["FV/7", None]
    assert incoming.sales.lines.corrects is not None
    assert incoming.sales.lines.corrects.tolist() == [None, None, "FV/8", None]
    assert incoming.sales.documents.outlet.tolist() == ["Kraków", None]
    assert incoming.total_minor.tolist() == [2000, NO_AMOUNT]


def test_lines_that_name_what_their_document_names_say_nothing_of_their_own() -> None:
    rows = [[*line("A"), "FV/7"], [*line("A"), "FV/7"], [*line("A"), None], [*line("B"), "FV/8"]]
    assert Result(rows, {"corrects": "corrects"}, sold=["corrects"]).incoming.sales.lines.corrects is None


def test_what_lines_name_is_part_of_a_documents_content_and_goes_with_its_shard(tmp_path: Path) -> None:
    def told(second: str) -> Incoming:
        rows = [[*line("A"), "FV/7"], [*line("A", net="20"), second], [*line("B", distributor="D2"), "FV/9"]]
        return Result(rows, {"corrects": "corrects"}).incoming

    one, other, same = (content_hashes(told(second).sales) for second in ("FV/8", "FV/9", "FV/7"))
    assert len({one[0], other[0], same[0]}) == 3
    assert one[1] == other[1] == same[1]
    files = BatchFiles(tmp_path, 1)
    files.folder.mkdir(parents=True)
    for shard in cut(told("FV/8"), 1, one_lane=False):
        kept = files.load_shard(files.save_shard(0, shard.incoming)).sales
        names = [kept.named_by(at) for at in range(len(kept.lines))]
        assert names in (["FV/7", "FV/8"], ["FV/9"])
    assert files.load_shard(files.save_shard(1, told("FV/7"))).sales.lines.corrects is None


PLACES = {"outlet": "outlet", "channel": "channel"}


def test_lines_keep_the_outlet_and_the_channel_that_their_document_does_not_have() -> None:
    rows = [
        [*line("A"), None, "web"],
        [*line("A"), "Kraków", None],
        [*line("A"), " KRAKÓW ", "WEB"],
        [*line("B"), "Łódź", None],
        [*line("A"), "Łódź", None],
        [*line("A"), None, "desk"],
    ]
    sales = Result(rows, PLACES).incoming.sales
    assert sales.documents.outlet.tolist() == ["Kraków", "Łódź"]
    assert sales.documents.channel.tolist() == ["web", None]
    assert (sales.lines.outlet is not None, sales.lines.channel is not None) == (True, True)
    assert sales.lines.outlet.tolist() == [None, None, None, "Łódź", None, None]  # type: ignore[union-attr]
    assert sales.lines.channel.tolist() == [None, None, None, None, "desk", None]  # type: ignore[union-attr]
    same = Result(rows[:4], PLACES).incoming.sales.lines
    assert (same.outlet, same.channel) == (None, None)


def test_where_lines_were_sold_is_part_of_a_documents_content_and_which_comes_first_is_not(tmp_path: Path) -> None:
    def told(*places: tuple[str | None, str | None]) -> Incoming:
        rows: list[Row] = [[*line("A", net=str(10 + at // 3)), *place] for at, place in enumerate(places)]
        return Result([*rows, [*line("B", distributor="D2"), "Łódź", None]], PLACES).incoming

    first, second, third = ("Kraków", "web"), ("Łódź", "web"), ("Łódź", "desk")
    whole = told(first, second, third)
    others = [
        told(second, first, third),
        told(third, second, first),
        told(first, first, third),
        told(first, second, second),
        told(first, third, third),
        told(("Kraków", "desk"), ("Łódź", "web"), ("Łódź", "web")),
        told(first, first, first),
    ]
    hashes = [content_hashes(one.sales) for one in (whole, *others)]
    assert hashes[0] == hashes[1] == hashes[2]
    assert len({one[0] for one in hashes[2:]}) == 6
    assert len({one[1] for one in hashes}) == 1
    files = BatchFiles(tmp_path, 1)
    files.folder.mkdir(parents=True)
    kept = files.load_shard(files.save_shard(0, whole)).sales
    assert content_hashes(kept) == hashes[0]
    assert kept.lines.outlet.tolist() == [None, "Łódź", "Łódź", None]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("again", "repeated"), [(("Łódź", "Kraków"), True), (("Kraków", "Kraków"), False), (("Łódź", None), False)]
)
def test_a_document_that_comes_twice_in_a_file_was_sold_in_the_same_places(
    again: tuple[str | None, ...], repeated: bool
) -> None:
    rows: list[Row] = [[*line("FV/1/2026"), "Kraków"], [*line("FV/1/2026"), "Łódź"], [*line("X"), None]]
    rows += [[*line("FV 1/2026"), outlet] for outlet in again]
    result = Result(rows, {"outlet": "outlet"})
    assert result.grouped.repeated_rows.tolist() == ([5, 6] if repeated else [])
    assert result.outcomes == ({} if repeated else dict.fromkeys((5, 6), ("held", "changed_document")))


def test_documents_whose_rows_name_several_people_are_told() -> None:
    rows = [[*line("A"), None], [*line("A"), "Ewa Kos"], [*line("A"), " ewa kos"], [*line("B"), "Jan"]]
    assert Result(rows, {"person": "person"}).grouped.warnings() == []
    result = Result([*rows, [*line("A"), "Jan"], [*line("C", quantity="x"), "Jan"], [*line("C"), "Ewa"]], PEOPLE)
    assert result.incoming.sales.documents.person.tolist() == ["Ewa Kos", "Jan"]
    assert result.grouped.warnings() == [{"code": "several_people", "count": 1, "found": "A"}]
    many = [[*line(f"N{at:02}"), who] for at in range(12) for who in ("Ewa", "Jan")]
    (warning,) = Result(many, PEOPLE).grouped.warnings()
    assert (warning["count"], warning["found"]) == (12, "N00, N01, N02, N03, N04, N05, N06, N07, N08, N09, …")


PEOPLE = {"person": "person"}


def test_a_report_of_nothing_is_no_documents() -> None:
    for rows in ([], [line(number=None)], [line(quantity="x")]):
        result = Result(rows)
        assert len(result.incoming.sales.documents) == 0
        assert len(result.incoming.sales.lines) == 0
        assert list(cut(result.incoming, 100, one_lane=False)) == []
        assert list(cut(result.incoming, 100, one_lane=True)) == []
