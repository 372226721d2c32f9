"""Papers: the letters of every language, text that is no markup, tables that go on over pages, the same bytes again."""

import io

import pypdfium2

from app.exports.paper import Grid, Paper, Section, drawn


def pages_of(content: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(io.BytesIO(content))
    texts = []
    for page in document:
        text = page.get_textpage()
        texts.append(text.get_text_bounded())
        text.close()
        page.close()
    document.close()
    return texts


def test_a_paper_says_what_it_was_told_and_is_the_same_again() -> None:
    rows = [[f"{at} lis 2026", "Żółta <b>koło</b> & Сводка ñ", "1 234,56"] for at in range(90)]
    grid = Grid(["Dzień", "Za co", "Kwota"], rows, [2, 4, 2], frozenset({2}), ["Razem", "", "111 110,40"])
    sections = [Section("Kto", ["słowo"], [("Uczestnik", "Łódź")]), Section("Nagrody", grid=grid)]
    paper = Paper("Rok 2026", "Kontor", sections, "stopka", "Strona {page} z {pages}")
    first = drawn(paper)
    assert drawn(paper) == first
    pages = pages_of(first)
    assert len(pages) > 1
    assert all("Dzień" in page and f"Strona {at} z {len(pages)}" in page for at, page in enumerate(pages, start=1))
    whole = "\n".join(pages)
    assert "Żółta <b>koło</b> & Сводка ñ" in whole
    assert "111 110,40" in pages[-1]
    assert sum(page.count("1 234,56") for page in pages) == 90
