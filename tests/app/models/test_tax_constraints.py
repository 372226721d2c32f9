"""What the tables of tax themselves refuse, whoever writes to them."""

from app.domain.states import RuleDraftState, TaxChangeKind, TaxStatus
from tests.app.models.whole_rows import World
from tests.support.programs import NOW


def test_a_proof_of_a_tax_status_is_a_file_with_a_name(world: World) -> None:
    said = {"distributor_id": world.ids["distributor"], "status": TaxStatus.COMPANY}
    assert world.refused("tax_status_change", **said, proof_name="a.pdf") == "ck_tax_status_change_proof_as_a_whole"
    world.insert("tax_status_change", **said, proof_name="a.pdf", proof_sha256=b"1")


def test_a_change_of_tax_rules_is_asked_for_and_decided_by_somebody_and_open_once(world: World) -> None:
    said = {"kind": TaxChangeKind.RULE, "code": "A", "document": {}, "state": RuleDraftState.DRAFT}
    waiting = said | {"state": RuleDraftState.WAITING}
    assert world.refused("tax_change", **waiting) == "ck_tax_change_asked"
    published = said | {"state": RuleDraftState.PUBLISHED}
    assert world.refused("tax_change", **published) == "ck_tax_change_decided"
    assert world.refused("tax_change", **said, decided_by="ann") == "ck_tax_change_decided"
    world.insert("tax_change", **said)
    assert world.refused("tax_change", **said) == "uq_tax_change_open"


def test_papers_of_a_year_are_done_as_a_whole(world: World) -> None:
    said = {"year": 2026, "statements": 1}
    for part in ({"done_at": NOW}, {"file": "a.zip"}, {"done_at": NOW, "file": "a.zip"}):
        assert world.refused("tax_papers", **said, **part) == "ck_tax_papers_done_as_a_whole"
    world.insert("tax_papers", **said, done_at=NOW, file="a.zip", file_sha256=b"1")
