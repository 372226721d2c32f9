"""Answers of fixed width: the records that a template names become answers; all else is looked over or told."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from app.config import Settings
from app.domain.program_file.batch_file import Answers, BatchFile
from app.domain.program_file.batch_templates import FIXED_BOTH
from importers.errors import FileRefused
from importers.files.limits import Limits
from prepaid.errors import CardNumberFound
from prepaid.files.response_files import Response, read_response
from prepaid.providers import Answer, LoadResult

HEAD, TAIL = "H2 of 3", "T000003"


def line(reference: str, status: str, code: str = "", minor: str = "", reason: str = "") -> str:
    return (
        f"D{7:06}{reference:<40}{status:<10}{code:<8}{minor:>015}{reason:<60}"
        if minor
        else (f"D{7:06}{reference:<40}{status:<10}{code:<8}{'':15}{reason}")
    )


def read(tmp_path: Path, *lines: str, said: Answers = FIXED_BOTH.answers, encoding: str = "cp1250") -> Response:
    path = tmp_path / "answer.txt"
    path.write_bytes("\r\n".join([*lines, ""]).encode(encoding))
    return read_response(path, path.name, limits=Limits.of(Settings()), decimals=2, said=said)


def test_each_load_is_answered_where_its_fields_stand(tmp_path: Path) -> None:
    rows = [line("KABC-1R1", "completed", minor="500000"), line("KABC-2R1", "rejected", "51", "", "Zły łańcuch")]
    found = read(tmp_path, HEAD, *rows, line("KABC-3R1", "odd"), "D000001", TAIL)
    assert found.answers == [
        (2, Answer("KABC-1R1", LoadResult.LOADED, amount_minor=500_000)),
        (3, Answer("KABC-2R1", LoadResult.FAILED, "51", "Zły łańcuch")),
    ]
    assert [(one["row"], one["code"]) for one in found.problems] == [(4, "no_such_value"), (5, "missing")]
    assert found.rows == 4


def test_an_answer_about_the_file_as_a_whole_is_told_apart(tmp_path: Path) -> None:
    found = read(tmp_path, f"H{'rejected':<10}{'club.20261126.000007.txt':<60}sum is wrong", TAIL)
    assert found.verdict is not None
    assert (found.verdict.accepted, found.verdict.file, found.verdict.message) == (
        False,
        "club.20261126.000007.txt",
        "sum is wrong",
    )


def test_what_is_no_such_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="no line begins with 'D' or 'H'"):
        read(tmp_path, TAIL)
    said = FIXED_BOTH.answers.model_dump()
    said["fixed_width"]["encoding"] = "utf-8"
    with pytest.raises(FileRefused, match="not written in utf-8"):
        read(tmp_path, line("K-1R1", "completed", reason="Zły"), said=Answers.model_validate(said))
    for held in (
        line("KABC-1R1", "rejected", reason="card 4111111111111111"),
        f"{line('K', 'odd'):<150}4111111111111111",
    ):
        with pytest.raises(CardNumberFound):
            read(tmp_path, held)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"lines": {"fields": [{"title": "external_id", "begins": 1, "width": 9}]}}, "no field has the title status"),
        ({"lines": {"mark": ""}}, "both records need a mark"),
        ({"lines": {"fields": [{"title": "a", "begins": 1, "width": 9}] * 2}}, "stands there twice"),
        (
            {"lines": {"fields": [{"title": "a", "begins": 1, "width": 9}, {"title": "b", "begins": 9, "width": 1}]}},
            "a ends at 9, and b begins at 9",
        ),
        ({"encoding": "utf-16"}, "one byte a digit"),
    ],
)
def test_a_template_that_cannot_be_read_by_is_refused(change: dict[str, Any], why: str) -> None:
    whole = FIXED_BOTH.model_dump()
    fixed = whole["answers"]["fixed_width"]
    for key, value in change.items():
        fixed[key] = {**fixed[key], **value} if isinstance(value, dict) else value
    with pytest.raises(ValidationError, match=why):
        BatchFile.model_validate(whole)
