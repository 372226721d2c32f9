"""`kontor user`: who may sign in, and as what."""

import getpass
import sys
import warnings

import click

from app.cli.output import NOT_FOUND, USAGE, Failure, failing, json_option, print_json, print_table
from app.cli.running.runtime import operator, runtime
from app.db.transaction import transaction
from app.domain.roles import BY_HAND, OF_A_DISTRIBUTOR, Role
from app.services.access import people, second_factors

PASSWORD = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input (its first line) instead of asking."
)
ROLE = click.Choice([role.value for role in BY_HAND])


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)  # it would be shown to whoever looks on
            asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    except getpass.GetPassWarning:
        raise Failure("There is no terminal to ask for the password; give it with --password-stdin.", USAGE) from None
    return asked


@click.group()
def user() -> None:
    """People who sign in to the web application, and their roles."""


@user.command("add")
@click.argument("login")
@click.option("--name", default="", help="As others see it; by default the sign-in name.")
@click.option("--role", "role_name", type=ROLE, help="What they are in the programme.")
@click.option("--program", "program_code", help="Code of the programme.")
@click.option("--distributor", "distributor_code", help="Code of the one distributor of an owner or a rep.")
@click.option("--owner", is_flag=True, help="Owner of the platform: sees every programme.")
@PASSWORD
@json_option
def add(
    login: str,
    name: str,
    role_name: str | None,
    program_code: str | None,
    distributor_code: str | None,
    owner: bool,
    password_stdin: bool,
    as_json: bool,
) -> None:
    """Let LOGIN, an e-mail address, sign in: as --owner, or with a --role in a --program."""
    if not owner and role_name is None:
        raise Failure("Say what they are: --owner, or --role with --program.", USAGE)
    _whole(role_name, program_code, distributor_code)
    password = _password(password_stdin)
    with runtime() as run, failing(people.PeopleError), transaction(run.registry) as session:
        people.create_user(session, login, name, password, platform_owner=owner, actor=operator(), now=run.now())
        if role_name is not None and program_code is not None:
            _give(session, run, login, role_name, program_code, distributor_code)
    _said(login, f"{people.login_key(login)} can sign in.", as_json)


@user.command("role")
@click.argument("login")
@click.argument("role_name", metavar="ROLE", type=ROLE)
@click.option("--program", "program_code", required=True, help="Code of the programme.")
@click.option("--distributor", "distributor_code", help="Code of the one distributor of an owner or a rep.")
@json_option
def role(login: str, role_name: str, program_code: str, distributor_code: str | None, as_json: bool) -> None:
    """Give LOGIN a further ROLE: administrator, verifier, finance, approver, viewer, assistant, owner or rep."""
    _whole(role_name, program_code, distributor_code)
    with runtime() as run, failing(people.PeopleError), transaction(run.registry) as session:
        _give(session, run, login, role_name, program_code, distributor_code)
    _said(login, f"{people.login_key(login)} is {role_name} in {program_code}.", as_json)


@user.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List who can sign in."""
    with runtime() as run, transaction(run.registry) as session:
        found = people.everybody(session)
    if as_json:
        users = [
            {
                "login": one.login,
                "name": one.name,
                "owner": one.platform_owner,
                "active": one.active,
                "roles": list(one.roles),
            }
            for one in found
        ]
        print_json({"users": users})
        return
    cells = [
        [
            one.login,
            one.name,
            "; ".join((*(["owner of the platform"] if one.platform_owner else []), *one.roles)),
            "" if one.active else "may not sign in",
        ]
        for one in found
    ]
    print_table("People", ["Signs in as", "Name", "Roles", ""], cells)


@user.command("password")
@click.argument("login")
@PASSWORD
@json_option
def password(login: str, password_stdin: bool, as_json: bool) -> None:
    """Give LOGIN a new password; whoever is signed in with the old one no longer is."""
    new = _password(password_stdin)
    with (
        runtime() as run,
        failing(people.PeopleError),
        failing(people.NoSuchUser, code=NOT_FOUND),
        transaction(run.registry) as session,
    ):
        people.set_password(session, login, new, actor=operator(), now=run.now())
    _said(login, f"The password of {people.login_key(login)} is changed.", as_json)


@user.command("lost")
@click.argument("login")
@click.option("--reason", required=True, help="Why; kept on record.")
@json_option
def lost(login: str, reason: str, as_json: bool) -> None:
    """Take every second step from LOGIN, who has lost theirs: the next sign-in asks for a new one where it is needed.

    Whoever is signed in as LOGIN no longer is.
    """
    with (
        runtime() as run,
        failing(people.NoSuchUser, code=NOT_FOUND),
        transaction(run.registry) as session,
    ):
        second_factors.remove_all(
            session,
            login,
            reset_page=f"{run.settings.address}/reset",
            actor=operator(),
            now=run.now(),
            reason=reason,
        )
    _said(login, f"{people.login_key(login)} has no second step any more.", as_json)


def _whole(role_name: str | None, program_code: str | None, distributor_code: str | None) -> None:
    """Refuse options that only make sense together."""
    if (role_name is None) != (program_code is None):
        raise Failure("A role is held in a programme: give --role and --program together.", USAGE)
    of_a_distributor = role_name is not None and Role(role_name) in OF_A_DISTRIBUTOR
    if of_a_distributor != (distributor_code is not None):
        raise Failure("The roles owner and rep need --distributor, and no other role may have it.", USAGE)


def _give(session, run, login, role_name, program_code, distributor_code) -> None:  # type: ignore[no-untyped-def]
    from app.domain.states import Unit
    from app.services.persons import opening
    from app.services.setup import programs
    from app.services.tracing import balances

    with failing(programs.NoSuchProgram, balances.NoSuchDistributor, people.NoSuchUser, code=NOT_FOUND):
        program = programs.program_by_code(session, program_code)
        distributor_id = (
            balances.balance_of(session, program.id, distributor_code, Unit.POINTS).distributor_id
            if distributor_code
            else None
        )
        people.give_role(session, login, program, Role(role_name), distributor_id, actor=operator(), now=run.now())
        opening.open_missing(session, program, actor=operator(), now=run.now())


def _said(login: str, sentence: str, as_json: bool) -> None:
    if as_json:
        print_json({"login": people.login_key(login)})
    else:
        click.echo(sentence)
