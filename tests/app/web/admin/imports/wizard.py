"""An administrator who brings files in by pages."""

import io

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.extensions import db
from tests.app.web.conftest import TOKEN
from tests.app.web.forms_seen import Page
from tests.app.web.world import World, do_one_job

HEADER = "Faktura nr;Data sprzedaży;Kod klienta;Indeks;Ilość;Wartość netto"


def report(prefix: str, *, month: int = 4, product: str = "P1", header: str = HEADER, rows: int = 3) -> bytes:
    """Write a report as a wholesaler in Poland does, in the encoding of its system."""
    lines = [f"{prefix}/{at};{at + 13}.{month:02d}.2026;D-5;{product};2;1 200,50" for at in range(rows)]
    return "\n".join([header, *lines]).encode("cp1250")


class Wizard:
    """An administrator before the pages of the wizard, and the workers behind them."""

    def __init__(self, world: World, client: FlaskClient) -> None:
        self.world, self.client = world, client
        self.base = f"/programs/{world.a}/imports"

    def page(self, address: str) -> str:
        answer = self.client.get(address)
        assert answer.status_code == 200, address
        return answer.text

    def post(self, address: str, **sent: object) -> TestResponse:
        found = TOKEN.search(self.page(f"{self.base}/new"))
        assert found
        return self.client.post(address, data={"csrf_token": found[1], **sent})

    def bring(self, *files: tuple[str, bytes], source: str = "", kind: str = "") -> str:
        """Bring files in, have them looked at, and give where it leads."""
        sent = [(io.BytesIO(content), name) for name, content in files]
        answer = self.post(f"{self.base}/new", files=sent, source=source, kind=kind)
        assert answer.status_code == 303, answer.text
        self.work()
        return str(answer.headers["Location"])

    def work(self) -> None:
        with self.world.app.app_context():
            while do_one_job(self.world):
                pass
            db.session.remove()

    def columns(self, address: str) -> dict[str, str]:
        """Give what stands in the form of the columns."""
        page = Page(self.page(f"{address}?change=1"), address)
        form = next(one for one in page.forms if one.action.endswith("/columns"))
        return {one.name: one.value for one in form.fields}

    def save(self, address: str, **changes: str) -> TestResponse:
        """Send the form of the columns as it stands, with changes."""
        return self.client.post(f"{address}/columns", data=self.columns(address) | changes)

    def import_(self, address: str) -> str:
        answer = self.post(f"{address}/import")
        assert answer.status_code == 303
        self.work()
        return str(answer.headers["Location"])
