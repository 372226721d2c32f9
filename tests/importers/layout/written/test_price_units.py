"""Prices of a hundred pieces, as a column beside them says."""

from pathlib import Path

import pytest

from importers.errors import FileRefused
from tests.importers.layout.reports import read_text

HEAD = "Nr faktury;Data sprzedaży;Odbiorca;Kod towaru;Ilość;Cena netto"


@pytest.mark.parametrize(
    ("name", "unit"), [("PE", "100"), ("Preiseinheit", "1000"), ("Price unit", "100.00"), ("Cena za", "100 szt.")]
)
def test_amounts_are_not_reckoned_of_prices_of_several_pieces(tmp_path: Path, name: str, unit: str) -> None:
    content = f"{HEAD};{name}\nF;13.02.2025;K;P;2;10,00;1\nF;13.02.2025;K;Q;300;10,00;{unit}\n"
    with pytest.raises(FileRefused, match=f"column '{name}': found '{unit}', so prices are not those of one piece"):
        read_text(tmp_path, content)
    assert [one[-1] for one in read_text(tmp_path, content.replace(f";{unit}\n", ";1\n")).good] == [2000, 300000]
    rows = content.splitlines()
    paid = "\n".join([f"{rows[0]};Wartość netto", f"{rows[1]};20,00", f"{rows[2]};30,00", ""])
    assert [one[-1] for one in read_text(tmp_path, paid).good] == [2000, 3000], "what was paid stands there"
