"""A programme for training loads no cards but the sandbox's."""

import pytest

from app.db.transaction import transaction
from app.models.programs import Program
from app.services.setup import training
from prepaid import terms
from prepaid.errors import TermsInvalid
from tests.prepaid.conftest import NOW, World


def test_its_runs_go_to_the_sandbox(world: World) -> None:
    world.load()
    with transaction(world.registry) as session:
        code = session.get_one(Program, world.program_id).code
        world.program_id = training.copy(session, code, f"{code}-t", actor="ann", now=NOW).program_id
    world.add("D1", 100)
    run = world.preview()
    assert (run.provider, run.points) == (terms.SANDBOX, 100)
    with transaction(world.registry) as session:
        assert terms.provider_of(session.get_one(Program, world.program_id)) == terms.SANDBOX


def test_no_other_provider_is_one_for_it() -> None:
    terms.refuse_in_training("bank", training=False)
    terms.refuse_in_training(terms.SANDBOX, training=True)
    with pytest.raises(TermsInvalid, match="its runs go to the sandbox alone"):
        terms.refuse_in_training("bank", training=True)
