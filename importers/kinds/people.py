"""People of distributors from a file: owners and sales reps, each invited once."""

from app.domain.roles import BY_HAND, OF_A_DISTRIBUTOR, Role
from app.domain.states import Outcome
from app.domain.typed.codes import code_key
from app.services.access import invitations
from app.services.access.people import LoginInvalid
from app.services.participants import distributors
from importers.kinds.desk import Desk, Loaded
from importers.kinds.rows import ThingRows
from importers.layout.words.known import role_called
from importers.problems.problems import Problems


def load(desk: Desk, rows: ThingRows, problems: Problems) -> Loaded:
    """Invite those who are neither there nor invited; without a role somebody is the owner.

    A distributor that nobody knows holds its row.
    """
    known = distributors.company_ids(desk.session, desk.program.id)
    invited = here = 0
    for row, cells in rows:
        code, asked = str(cells["distributor"]), cells.get("role") or Role.OWNER.value
        owner, role = known.get(code_key(code)), role_called(asked)
        if owner is None:
            problems.add(row, Outcome.HELD, "unknown_distributor", found=repr(code))
        if role is None:
            field, expected = (
                rows.columns["role"],
                ", ".join(sorted(role for role in BY_HAND if role in OF_A_DISTRIBUTOR)),
            )
            problems.add(row, Outcome.REFUSED, "no_such_value", field=field, found=repr(asked), expected=expected)
        if owner is None or role is None:
            continue
        try:
            went_out = invitations.invite_once(
                desk.session,
                desk.program,
                login=str(cells["email"]),
                name=cells.get("name") or "",
                role=role,
                distributor_id=owner,
                link=lambda token: f"{desk.address}/invitation/{token}",
                actor=desk.actor,
                inviter=desk.program.sponsor,
                now=desk.now,
            )
        except LoginInvalid:
            field, expected = rows.columns["email"], "name@company.example"
            found = repr(cells["email"])
            problems.add(row, Outcome.REFUSED, "no_such_value", field=field, found=found, expected=expected)
        else:
            invited, here = invited + went_out, here + (not went_out)
    return Loaded(invited, 0, here)
