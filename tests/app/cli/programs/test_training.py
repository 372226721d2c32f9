"""`kontor program copy`: a training copy, and what cannot be copied."""

from tests.app.cli.conftest import Desk


def test_a_training_copy_is_made_once(desk: Desk) -> None:
    desk.load(desk.programme())
    made = f"{desk.code}-t"
    assert desk.json("program", "copy", desk.code, made)["created"] is True
    assert desk.json("program", "export", made)["program"]["training"] is True
    assert "already" in desk.error("program", "copy", desk.code, made, code=3)
    assert "'nobody'" in desk.error("program", "copy", "nobody", "t", code=4)
    told = desk.run("program", "copy", desk.code, f"{desk.code}-u", "--name", "Learn").stdout
    assert told == f"{desk.code}-u: a training copy of {desk.code}.\n"
