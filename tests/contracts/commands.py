"""The commands of `kontor`, walked as a person would: group by group."""

from collections.abc import Iterator

import click

from app.cli.main import main


def walk(
    command: click.Command = main, path: tuple[str, ...] = (), above: click.Context | None = None
) -> Iterator[tuple[tuple[str, ...], click.Command, click.Context]]:
    """Give every command and group below one, with the words that call it."""
    context = click.Context(command, parent=above, info_name=path[-1] if path else "kontor")
    yield path, command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None, f"{' '.join((*path, name))} is listed and cannot be loaded"
            yield from walk(below, (*path, name), context)


COMMANDS = {" ".join(path): command for path, command, _ in walk()}
"""Every command and group by its words; ``kontor`` itself by none."""

LEAVES = {
    words: command
    for words, command in COMMANDS.items()
    if not isinstance(command, click.Group) or command.invoke_without_command
}
"""The commands that do something when called."""
