"""Forms that are sent, and what is there afterwards."""

from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.roles import OF_A_DISTRIBUTOR, Role
from app.extensions import db
from app.models.people import Membership, UserAccount
from app.models.programs import Program
from app.services.access import people
from tests.app.web.auth.arriving import new_login
from tests.app.web.conftest import token_of
from tests.app.web.world import World

As = Callable[[str], FlaskClient]

HOSTILE = ["<svg onload=alert(1)>", "=1+1", "ООО «Ромашка» & партнёры", '"><script>alert(1)</script>']


def send(client: FlaskClient, address: str, page: str | None = None, **fields: Any) -> Any:
    """Send a form, with the token of the page that it stands on."""
    return client.post(address, data={"csrf_token": token_of(client, page or address), **fields})


def kept(world: World, model: type[Any], id_: int) -> Any:
    with world.app.app_context():
        found = db.session.get_one(model, id_)
        db.session.expunge(found)
        return found


def added(world: World, role: Role, program_code: str | None = None) -> tuple[str, int]:
    """Give somebody new a role. Returns the sign-in name and the membership's id."""
    login = new_login()
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == (program_code or world.a))).one()
        people.create_user(session, login, "Added", world.password, actor="test", now=world.clock())
        of = world.distributors["D-5"] if role in OF_A_DISTRIBUTOR else None
        people.give_role(session, login, program, role, of, actor="test", now=world.clock())
        found = select(Membership.id).join(UserAccount, UserAccount.id == Membership.user_id)
        return login, session.scalars(found.where(UserAccount.login == login)).one()
