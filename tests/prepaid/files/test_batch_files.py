"""Files for card operators: written as their template says, and answered in two waves."""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from openpyxl import load_workbook
from pydantic import ValidationError
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.program_file.batch_file import BatchFile
from app.domain.program_file.batch_templates import DELIMITED, FIXED, READY
from app.domain.states import RunStatus, TopUpStatus
from app.models.prepaid import ConversionRun, LoadBatch
from app.models.programs import Program
from prepaid.cards import cards
from prepaid.conversions import ordering, runs, sending
from prepaid.errors import BatchFileUnfit, CardNumberFound, FileRefusedByOperator, NotAllowedNow, PrepaidError
from prepaid.files.batch_files import Batch, batch_file_name, example, shown, write_batch
from prepaid.issuers.batch_provider import BatchFileProvider
from prepaid.loads import settling
from tests.prepaid.conftest import NOW, World

BATCH, LINES = example("PLN", 2)


def test_a_delimited_file_counts_and_sums_its_loads(tmp_path: Path) -> None:
    path = tmp_path / batch_file_name(DELIMITED, BATCH)
    written = write_batch(path, DELIMITED, BATCH, LINES)
    rows = path.read_bytes().decode().split("\r\n")
    assert path.name == "club-loads-20261126-000007.csv"
    assert rows[0] == "Line;External id;Goes with;Proxy number;Order type;Amount;Currency;Description"
    assert rows[1] == "1;KABC-1R1;;tok-aleph;LoadCard;5000.00;PLN;reward"
    assert rows[-2:] == ["TOTAL;3;5679.45;PLN", ""]
    assert written.rows == 5


def test_a_file_of_fixed_width_is_as_wide_everywhere_as_it_says(tmp_path: Path) -> None:
    path = tmp_path / "loads.txt"
    write_batch(path, FIXED, BATCH, LINES)
    head, *loads, tail = path.read_bytes().decode("cp1250").split("\r\n")[:-1]
    assert head == "H0000000720261126PLN"
    assert {len(one) for one in loads} == {1 + 6 + 40 + 64 + 15 + 35}
    assert loads[0][111:126] == "000000000500000"
    assert loads[2].endswith("Przedsiębiorstwo Handlowo-Usługowe ")
    assert tail == "T000003" + "567945".rjust(18, "0")


def test_a_workbook_has_amounts_as_numbers(tmp_path: Path) -> None:
    template = DELIMITED.model_copy(update={"format": "xlsx", "after": []})
    path = tmp_path / "loads.xlsx"
    write_batch(path, template, BATCH, LINES)
    rows = list(load_workbook(path).active.iter_rows(values_only=True))
    assert rows[1] == ("1", "KABC-1R1", None, "tok-aleph", "LoadCard", 5000, "PLN", "reward")


def test_every_ready_made_template_shows_what_it_writes() -> None:
    for template in READY.values():
        assert len(shown(template, BATCH, LINES).splitlines()) == 5
        assert BatchFile.model_validate(template.model_dump(mode="json")) == template


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            {"columns": [{"title": "Id", "holds": "reference"}, {"title": "To", "holds": "token"}]},
            "nothing holds amount",
        ),
        ({"name": "loads.csv"}, "expected a name with {batch}"),
        ({"name": "{batch}/../x"}, "expected letters"),
        ({"name": "{batch.__class__}"}, "expected a name with {batch}"),
        ({"encoding": "utf-16"}, "expected an encoding"),
        ({"encoding": "rot13"}, "expected an encoding"),
        ({"format": "fixed_width"}, "needs the width of every field"),
        ({"format": "xlsx", "after": [{"text": "T"}]}, "no records before or after"),
        ({"delimiter": ".", "decimal": "."}, "stands in the fields"),
        ({"after": [{"text": "4111 1111 1111 1111"}]}, "number of a payment card"),
        ({"answers": {"lines": {"loaded": ["ok"], "failed": ["OK"]}}}, "would mean two things"),
        ({"columns": [{"title": "Id", "holds": "reference", "cut": True}]}, "must not be cut"),
        ({"columns": [{"title": "Id", "holds": "reference", "text": "x"}]}, "either holds or text"),
    ],
)
def test_a_template_that_cannot_be_meant_is_refused(changed: dict[str, Any], words: str) -> None:
    columns = [{"title": name, "holds": name} for name in ("reference", "token", "amount")]
    with pytest.raises(ValidationError, match=words):
        BatchFile.model_validate({"columns": columns} | changed)


def test_what_does_not_fit_is_refused_with_its_place(tmp_path: Path) -> None:
    narrow = BatchFile.model_validate(
        {"columns": [{"title": one, "holds": one, "width": 8} for one in ("reference", "token", "amount")]}
    )
    with pytest.raises(BatchFileUnfit, match="line 1: 'tok-aleph' is longer than its field of 8"):
        write_batch(tmp_path / "a.csv", narrow, BATCH, LINES)
    latin = FIXED.model_copy(update={"encoding": "latin-1"})
    with pytest.raises(BatchFileUnfit, match="line 1: holder has a character that latin-1 does not have"):
        write_batch(tmp_path / "a.csv", latin, BATCH, LINES)
    named = LINES.__class__(**(vars(LINES) | {"holder": ["4111111111111111"] * 3}))
    with pytest.raises(CardNumberFound):
        write_batch(tmp_path / "a.csv", FIXED, BATCH, named)
    assert list(tmp_path.iterdir()) == []


def test_a_formula_in_a_name_stays_a_name(tmp_path: Path) -> None:
    template = BatchFile.model_validate(
        {"columns": [{"title": one, "holds": one} for one in ("reference", "token", "amount", "holder")]}
    )
    lines = LINES.__class__(**(vars(LINES) | {"holder": ["=cmd()"] * 3, "amount_minor": np.asarray([1, 2, 3])}))
    path = tmp_path / "a.csv"
    write_batch(path, template, Batch(1, 1, "p", dt.date(2026, 1, 1), "JPY", 0), lines)
    assert path.read_text().splitlines()[1] == "KABC-1R1,tok-aleph,1,'=cmd()"


def _by_file(world: World) -> ConversionRun:
    """Lay out a run of two distributors whose operator takes files, approved and written."""
    template = yaml.safe_dump(DELIMITED.model_dump(mode="json"), default_flow_style=True, width=10**6).strip()
    world.load(prepaid=f"{{provider: batch_file, cards: registered, batch_file: {template}}}")
    world.provider = BatchFileProvider()  # type: ignore[assignment]
    for code in ("A", "B"):
        world.add(code, 200)
        with transaction(world.registry) as session:
            program = session.get_one(Program, world.program_id)
            token = f"proxy-{world.code}-{code}"
            cards.register(session, program, code, token=token, last4="1234", actor="x", now=NOW)
    run = world.preview()
    world.approve(run)
    return run


def _bring(world: World, run: ConversionRun, text: str) -> settling.Settled:
    path = world.respond(text)
    with transaction(world.registry) as session:
        return settling.settle_file(session, world.settings, run.id, path, name=path.name, actor="ben", now=NOW)


def _files(world: World, run: ConversionRun) -> list[LoadBatch]:
    with transaction(world.registry) as session:
        found = session.scalars(select(LoadBatch).where(LoadBatch.run_id == run.id).order_by(LoadBatch.id)).all()
        session.expunge_all()
        return list(found)


def _send(world: World, run: ConversionRun) -> sending.Sent:
    return sending.send(world.registry, world.settings, world.provider, run.id, actor="ben", now=NOW)


def test_an_operator_answers_in_two_waves(world: World) -> None:
    run = _by_file(world)
    assert _send(world, run).status is RunStatus.SENDING
    assert _send(world, run).settlements == [], "a file that was handed over is not handed over again"
    (batch,) = _files(world, run)
    assert batch.sent_at is not None
    _bring(world, run, f"file,file_status,reason\n{Path(batch.file).name},Accepted,\n")
    assert _files(world, run)[0].accepted_at is not None
    refs = world.references(run)
    first, second = refs["A", "reward"], refs["B", "reward"]
    settled = _bring(world, run, f"external_id,status,code,reason\n{first},COMPLETED,,\n{second},pending,,\n")
    assert (settled.loaded, settled.unknown, settled.status) == (1, 1, RunStatus.SENT)
    settled = _bring(world, run, f"external_id,status,code,reason\n{second},Rejected,51,no funds\n{second}X,odd,,\n")
    assert (settled.failed, settled.returned, settled.status) == (1, 200, RunStatus.SETTLED)
    assert "expected one of these: completed, loaded, failed, rejected, pending" in settled.problems[0]["message"]
    assert world.wallet("B") == (200, 0, 0)


def test_a_file_that_is_refused_is_written_anew_and_nothing_is_given_back(world: World) -> None:
    run = _by_file(world)
    _send(world, run)
    (batch,) = _files(world, run)
    _bring(world, run, "file_status,reason\nrejected,duplicate file name\n")
    assert world.status(run) is RunStatus.ORDERED
    assert set(world.top_ups(run).values()) == {TopUpStatus.ORDERED}
    with pytest.raises(FileRefusedByOperator, match="duplicate file name"):
        _send(world, run)
    before = world.references(run)
    with transaction(world.registry) as session:
        (anew,) = ordering.order_refused(session, world.settings, run.id, actor="ben", now=NOW)
    assert (anew.lines, anew.amount_minor) == (batch.lines, batch.amount_minor)
    assert anew.file.name != Path(batch.file).name
    assert world.references(run) == before
    assert _send(world, run).status is RunStatus.SENDING
    with pytest.raises(PrepaidError, match="no file waits"), transaction(world.registry) as session:
        ordering.order_refused(session, world.settings, run.id, actor="ben", now=NOW)


def _verdict(batch: LoadBatch, word: str) -> str:
    return f"file,file_status,reason\n{Path(batch.file).name},{word},\n"


@pytest.mark.parametrize(
    ("word", "ended", "told"),
    [
        ("Rejected", TopUpStatus.FAILED, []),
        ("COMPLETED", TopUpStatus.LOADED, ["loaded_though_refused"]),
        ("pending", TopUpStatus.ORDERED, []),
    ],
)
def test_what_has_no_answer_of_a_file_that_is_refused_later_is_ordered_anew(
    world: World, word: str, ended: TopUpStatus, told: list[str]
) -> None:
    run = _by_file(world)
    _send(world, run)
    (batch,) = _files(world, run)
    first, second = (world.references(run)[code, "reward"] for code in ("A", "B"))
    _bring(world, run, f"external_id,status,code,reason\n{first},{word},,\n")
    settled = _bring(world, run, _verdict(batch, "rejected"))
    assert [one["code"] for one in settled.problems] == told
    assert world.status(run) is RunStatus.ORDERED
    assert world.top_ups(run) == {("A", "reward"): ended, ("B", "reward"): TopUpStatus.ORDERED}
    assert _bring(world, run, _verdict(batch, "rejected")).status is RunStatus.ORDERED, "told again, it changes nothing"
    with pytest.raises(FileRefusedByOperator):
        _send(world, run)
    with transaction(world.registry) as session:
        answered = ended is not TopUpStatus.ORDERED
        assert runs.can_be_cancelled(session, runs.report(session, run.id)) is not answered
        if answered:
            with pytest.raises(NotAllowedNow, match="some of its top-ups were answered"):
                runs.cancel(session, run.id, actor="ben", now=NOW, order_file_not_sent=True)
    with transaction(world.registry) as session:
        (anew,) = ordering.order_refused(session, world.settings, run.id, actor="ben", now=NOW)
    waiting = {second} if ended is not TopUpStatus.ORDERED else {first, second}
    written = anew.file.read_text()
    assert {one for one in (first, second) if one in written} == waiting
    assert _send(world, run).status is RunStatus.SENDING
    assert world.top_ups(run)["B", "reward"] is TopUpStatus.SENDING
    assert _files(world, run)[1].sent_at is not None
    again = _bring(world, run, _verdict(batch, "rejected"))
    assert again.status is RunStatus.SENDING, "it says nothing of the file that is under way"
    said = "".join(f"{one},COMPLETED,,\n" for one in sorted(waiting))
    assert _bring(world, run, f"external_id,status,code,reason\n{said}").status is RunStatus.SETTLED
    lost = 200 if ended is TopUpStatus.FAILED else 0
    assert world.wallet("A") == (lost, 0, 0 if lost else 200)


def test_a_file_that_is_accepted_after_all_is_not_written_anew(world: World) -> None:
    run = _by_file(world)
    _send(world, run)
    (batch,) = _files(world, run)
    _bring(world, run, _verdict(batch, "rejected"))
    _bring(world, run, _verdict(batch, "accepted"))
    assert world.status(run) is RunStatus.SENDING
    with pytest.raises(PrepaidError, match="no file waits"), transaction(world.registry) as session:
        ordering.order_refused(session, world.settings, run.id, actor="ben", now=NOW)


def test_a_refusal_that_is_told_again_stops_no_other_file(world: World) -> None:
    run = _by_file(world)
    _send(world, run)
    (batch,) = _files(world, run)
    _bring(world, run, _verdict(batch, "rejected"))
    with transaction(world.registry) as session:
        ordering.order_refused(session, world.settings, run.id, actor="ben", now=NOW)
    _send(world, run)
    before = world.top_ups(run)
    _bring(world, run, _verdict(batch, "rejected"))
    assert (world.status(run), world.top_ups(run)) == (RunStatus.SENDING, before)
    with pytest.raises(PrepaidError, match="which of the two"):
        _bring(world, run, _verdict(batch, "accepted"))


def test_a_verdict_that_names_no_file_of_the_run_is_not_taken(world: World) -> None:
    run = _by_file(world)
    with pytest.raises(PrepaidError, match="0 files of the run fit"):
        _bring(world, run, "file,file_status\nother.csv,accepted\n")
    with pytest.raises(CardNumberFound):
        _bring(world, run, "file_status,reason\naccepted,4111 1111 1111 1111\n")
    assert world.status(run) is RunStatus.ORDERED
