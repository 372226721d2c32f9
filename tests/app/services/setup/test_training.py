"""Training programmes: copies that say what they are, and stay so."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models.distributors import Distributor
from app.models.people import Membership
from app.models.programs import Program
from app.services.setup import programs, training
from app.services.setup.program_files import ProgramFileInvalid, parse, to_yaml
from app.services.setup.programs import Loaded
from tests.support.programs import NOW, document, load, people


def copied(session: Session, program: Program, **more: str) -> Loaded:
    new_code = more.pop("new_code", f"{program.code}-t")
    return training.copy(session, program.code, new_code, actor="ann", now=NOW, **more)


def test_a_copy_has_the_rules_groups_and_profiles_of_the_programme_and_nobody_in_it(
    session: Session, program: Program
) -> None:
    people(session, program)
    made = copied(session, program)
    assert (made.created, made.code) == (True, f"{program.code}-t")
    original, copy = programs.export(session, program.code), programs.export(session, made.code)
    assert copy.pop("program") == {
        **original.pop("program"),
        "code": made.code,
        "name": "Test programme (training)",
        "training": True,
    }
    assert copy == original
    for model in (Distributor, Membership):
        assert session.scalar(select(func.count()).select_from(model).where(model.program_id == made.program_id)) == 0
    kept = session.get_one(Program, made.program_id)
    assert (kept.settings["training"], kept.prepaid["provider"]) == (True, "sandbox")


def test_the_programme_itself_stays_as_it_is(session: Session, program: Program) -> None:
    before = programs.export(session, program.code)
    copied(session, program, name="Learn here")
    assert programs.export(session, program.code) == before
    assert not program.settings["training"]
    assert session.scalars(select(Program.name).where(Program.code == f"{program.code}-t")).one() == "Learn here"


def test_a_copy_is_a_programme_whose_file_loads_again(session: Session, program: Program) -> None:
    made = copied(session, program)
    text = to_yaml(programs.export(session, made.code))
    assert programs.load(session, parse(text), actor="ann", now=NOW).changes == []


@pytest.mark.parametrize("was", [True, False])
def test_what_is_for_training_stays_so_and_what_is_real_as_well(session: Session, code: str, was: bool) -> None:
    load(session, document(code, program={"training": was}))
    with pytest.raises(programs.TrainingChanged, match=r"program\.training: .* Make a new programme"):
        load(session, document(code, program={"training": not was}))


def test_a_copy_needs_a_code_of_its_own(session: Session, program: Program) -> None:
    with pytest.raises(training.CodeTaken, match="already"):
        copied(session, program, new_code=program.code)
    with pytest.raises(ProgramFileInvalid, match=r"program\.code"):
        copied(session, program, new_code=" ")
    with pytest.raises(programs.NoSuchProgram):
        training.copy(session, "nobody-has-this", "t", actor="ann", now=NOW)
