"""What is decided after a file came in, and folders that are watched, as a command line does it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli.imports.queue import unit_milli
from app.cli.main import main
from tests.app.cli.conftest import Desk
from tests.support.programs import SALES_PROFILE

HEAD = "number,date,distributor,product,quantity,net\n"
PRODUCTS = {"kind": "products", "columns": {"code": "code", "name": "name"}}


@pytest.fixture
def shop(stranger: Desk) -> Desk:
    """A programme with products, whose distributors are made by the first file that names them."""
    sales = {**SALES_PROFILE, "unknown_distributor": "create", "files": "sales-*.csv"}
    stranger.load(
        stranger.programme(
            products=[{"code": "0012-A", "name": "Drill"}, {"code": "77", "name": "Saw"}],
            import_profiles={"sales": sales, "products": {**PRODUCTS, "files": "*.products.csv"}},
        )
    )
    return stranger


def test_names_are_matched_by_the_score_or_by_hand_and_an_import_is_undone(shop: Desk) -> None:
    of = "--program", shop.code
    rows = "1,2026-03-01,D1,12a,1,100.00\n2,2026-03-01,D1,box,2,100.00\n3,2026-03-01,D1,pallet,1,100.00\n"
    first = shop.import_(HEAD + rows)
    assert (first["lines_held"], first["same_file_as"]) == (3, None)
    told = shop.json("imports", "unmatched", *of, "--accept-above", "90")
    assert (told["accepted"], [one["lines_accepted"] for one in told["imports"]]) == (1, [1])
    box, pallet = sorted(told["unmatched"], key=lambda one: one["name"])
    assert (box["name"], box["lines"], box["amount_minor"], box["batches"]) == ("box", 1, 10_000, [first["batch"]])
    assert "Nothing is proposed for 'box'" in shop.error("imports", "match", box["id"], *of, code=3)
    taken = shop.json("imports", "match", box["id"], "77", *of, "--unit", "12")
    assert (taken["decided"], taken["imports"][0]["lines_accepted"]) == (1, 1)
    refused = shop.json("imports", "ignore", pallet["id"], *of, "--reason", "not of ours")
    assert refused["imports"][0]["lines_refused"] == 1
    assert shop.json("imports", "unmatched", *of)["unmatched"] == []
    assert shop.import_(HEAD + rows)["same_file_as"]["batch"] == first["batch"]
    undone = shop.json("imports", "undo", str(first["batch"]), "--reason", "a wrong file")
    assert (undone["status"], undone["documents"]) == ("undone", 2)
    assert "is undone already" in shop.error("imports", "undo", str(first["batch"]), "--reason", "again", code=3)
    again = shop.import_(HEAD + rows)
    assert (again["lines_accepted"], again["lines_refused"]) == (2, 1)


def test_an_import_of_products_is_undone_but_for_what_was_sold(shop: Desk) -> None:
    goods = shop.file("goods.csv", "code,name\nN1,Plane\nN2,Chisel\n")
    products = shop.json("import", "products", goods, "--program", shop.code)
    assert products["created"] == 2
    shop.import_(HEAD + "1,2026-03-01,D1,N1,1,100.00\n")
    said = shop.run("imports", "undo", str(products["batch"]), "--reason", "a wrong column", code=1).stderr
    assert "Undone but for what is in use. Plane (N1) is in use: documents." in " ".join(said.split())
    assert "Plane (N1) is in use" in shop.error("imports", "undo", str(products["batch"]), "--reason", "again", code=3)
    more = shop.file("more.csv", "code,name\nN1,Smoother\nN3,Gouge\n")
    other = shop.json("import", "products", more, "--program", shop.code)
    undone = shop.json("imports", "undo", str(other["batch"]), "--reason", "twice the same")
    assert (undone["status"], undone["things"]) == ("undone", 2)


def test_an_alias_is_written_before_any_file_comes(shop: Desk) -> None:
    of = "--program", shop.code
    shop.json("imports", "alias", "BOX", "77", *of, "--profile", "sales", "--unit", "6")
    assert "is the code of a product" in shop.error("imports", "alias", "0012-a", "77", *of, code=3)
    shop.error("imports", "alias", "X", "77", *of, "--profile", "sales", "--distributor", "D1", code=2)
    found = shop.import_(HEAD + "1,2026-03-01,D1,box,2,100.00\n")
    assert (found["lines_accepted"], found["lines_held"]) == (1, 0)
    (known,) = shop.json("imports", "names", *of)["names"]
    assert (known["name"], known["means"], known["unit_milli"], known["profile"]) == ("BOX", "77", 6_000, "sales")
    assert "BOX" in shop.run("imports", "names", *of).stdout
    assert shop.json("imports", "names", *of, "--of", "distributor") == {"names": []}
    assert "There is no name" in shop.error("imports", "forget", str(known["id"]), *of, "--of", "distributor", code=4)
    assert shop.json("imports", "forget", str(known["id"]), *of) == {"id": known["id"], "name": "BOX"}
    found = shop.import_(HEAD + "2,2026-03-01,D1,box,2,100.00\n")
    assert (found["lines_accepted"], found["lines_held"]) == (0, 1)


@pytest.mark.parametrize("text", ["", "0", "-1", "0.0001", "nan", "1000001", "twelve"])
def test_a_unit_is_a_number_above_zero(text: str) -> None:
    with pytest.raises(Exception, match="--unit: expected"):
        unit_milli(text)


def watch(shop: Desk, folder: Path, *more: str) -> list[Any]:
    """Watch a folder until everything in it is done; give the lines that are told."""
    words = ["import", "watch", str(folder), "--program", shop.code, "--rest", "0.2", "--once", "--json", *more]
    found = CliRunner().invoke(main, words, prog_name="kontor")
    assert found.exit_code == 0, found.output
    return [json.loads(line) for line in found.stdout.splitlines()]


def lying(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_watched_folder_is_emptied_and_nothing_counts_twice(shop: Desk) -> None:
    folder = shop.folder / "drop"
    folder.mkdir()
    good = HEAD + "1,2026-03-01,D1,77,1,100.00\n2,soon,D1,77,1,10.00\n"
    (folder / "Sales-1.csv").write_text(good)
    (folder / "sales-2.csv").write_text(HEAD + "3,soon,D1,77,1,10.00\n")
    (folder / "sales-3.csv").write_text("nothing,of,ours\n")
    (folder / "new.products.csv").write_text("code,name\n99,Hammer\n")
    (folder / "readme.txt").write_text("not a file of ours")
    (folder / "sales-9.csv.part").write_text(HEAD)
    (folder / ".sales-9.csv").write_text(HEAD)
    (folder / "sales-link.csv").symlink_to(folder / "readme.txt")
    told = {one["file"]: one for one in watch(shop, folder)}
    assert {name: one["result"] for name, one in told.items()} == {
        "Sales-1.csv": "done",
        "new.products.csv": "done",
        "sales-2.csv": "failed",
        "sales-3.csv": "failed",
        "readme.txt": "left",
    }
    assert "No import profile" in told["readme.txt"]["message"]
    assert (told["Sales-1.csv"]["lines_accepted"], told["new.products.csv"]["created"]) == (1, 1)
    assert lying(folder) == [
        ".sales-9.csv",
        "done/Sales-1-problems.xlsx",
        "done/Sales-1.csv",
        "done/new.products.csv",
        "failed/sales-2-problems.xlsx",
        "failed/sales-2.csv",
        "failed/sales-3-why.txt",
        "failed/sales-3.csv",
        "readme.txt",
        "sales-9.csv.part",
        "sales-link.csv",
    ]
    assert "brakuje" in (folder / "failed/sales-3-why.txt").read_text(encoding="utf-8"), "in the programme's language"
    # killed before the file was moved: it lies there again, and is not imported again
    (folder / "Sales-1.csv").write_text(good)
    again, left = watch(shop, folder)
    assert left["file"] == "readme.txt"
    assert (again["here_already"], again["batch"]) == (True, told["Sales-1.csv"]["batch"])
    assert f"done/Sales-1-{again['batch']}.csv" in lying(folder)


def test_what_cannot_be_watched_says_why(shop: Desk) -> None:
    import fcntl

    handle = os.open(shop.folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    words = "import", "watch", shop.folder, "--program", shop.code, "--once"
    assert "watches" in shop.error(*words, code=3)
    os.close(handle)
    shop.load(shop.programme())
    assert "says which files it reads" in shop.error(*words, "--rest", "0", code=3)


def test_a_file_that_comes_while_another_of_its_name_is_imported_is_imported_too(
    shop: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.cli.imports import watching

    folder = shop.folder / "drop"
    folder.mkdir()
    (folder / "sales-1.csv").write_text(HEAD + "1,2026-03-01,D1,77,1,100.00\n")
    follow, came = watching.follow, [HEAD + "2,2026-03-01,D1,77,1,100.00\n"]

    def meanwhile(*args: Any) -> Any:
        while came:
            (folder / "sales-1.part").write_text(came.pop())
            (folder / "sales-1.part").rename(folder / "sales-1.csv")
        return follow(*args)

    monkeypatch.setattr(watching, "follow", meanwhile)
    (first,) = watch(shop, folder)
    assert (first["lines_accepted"], first["moved_to"]) == (1, None)
    assert "what lies there now is read anew" in first["message"]
    (second,) = watch(shop, folder)
    assert (second["lines_accepted"], second["here_already"]) == (1, False)
    assert lying(folder) == ["done/sales-1.csv"]
