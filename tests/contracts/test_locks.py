"""What is locked is read anew: a session goes on showing what it read before it waited for the lock."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.contracts.sources import ROOMS, calls_of, modules, name_of, nodes_of

LOCK, ANEW = "with_for_update", "populate_existing"
KEEPERS = frozenset({"app/services/ledger/accounts.py", "app/services/ledger/wallets.py"})
"""Who locks accounts: they keep points where they stand before (decision 32)."""


def _statement(node: ast.AST, of: dict[ast.AST, ast.AST]) -> ast.AST:
    """Give the whole chain of calls that a call is part of."""
    while isinstance(of.get(node), ast.Attribute | ast.Call):
        node = of[node]
    return node


def _chosen(node: ast.AST, scope: ast.AST) -> ast.Call | None:
    """Find the ``select(...)`` that a chain of calls begins with, also where it has a name."""
    while not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        if isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Attribute):
            node = node.value
        elif isinstance(node, ast.Name):
            made = [one for one in ast.walk(scope) if isinstance(one, ast.Assign) and _names(one, node.id)]
            if not made:
                return None
            node, scope = made[0].value, ast.Module([], [])
        else:
            return None
    return node if node.func.id == "select" else None


def _names(assigned: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in assigned.targets)


def _of_whole_rows(chosen: ast.Call | None) -> bool:
    """Say whether a query gives objects; of columns a session keeps nothing."""
    return chosen is None or any(isinstance(one, ast.Name) for one in chosen.args)


def _parents(path: Path) -> dict[ast.AST, ast.AST]:
    return {child: node for node in nodes_of(path) for child in ast.iter_child_nodes(node)}


def _scope(node: ast.AST, of: dict[ast.AST, ast.AST]) -> ast.AST:
    """Give the function that something stands in, or the module."""
    while not isinstance(node, ast.FunctionDef | ast.Module):
        node = of[node]
    return node


def _stale(path: Path) -> Iterator[str]:
    if LOCK not in path.read_text(encoding="utf-8"):
        return
    of = _parents(path)
    for node in calls_of(path):
        if any(one.arg == LOCK for one in node.keywords) and ast.unparse(node.func).split(".")[-1] != "refresh":
            wrong = not any(one.arg == ANEW for one in node.keywords)
        elif isinstance(node.func, ast.Attribute) and node.func.attr == LOCK:
            whole = _of_whole_rows(_chosen(node.func.value, _scope(node, of)))
            wrong = whole and ANEW not in ast.unparse(_statement(node, of))
        else:
            continue
        if wrong:
            yield f"{name_of(path)}:{node.lineno}"


def test_what_is_locked_is_read_anew() -> None:
    assert [one for path in modules(*ROOMS) for one in _stale(path)] == []


def _locking_accounts(path: Path) -> Iterator[str]:
    if LOCK not in path.read_text(encoding="utf-8"):
        return
    of = _parents(path)
    for node in calls_of(path):
        if isinstance(node.func, ast.Attribute) and node.func.attr == LOCK:
            chosen = _chosen(node.func.value, _scope(node, of))
            named = [ast.unparse(one.value) for one in node.keywords if one.arg == "of"]
            locked = named or [ast.unparse(one).split(".")[0] for one in (chosen.args if chosen is not None else ())]
            if "Account" in locked:
                yield f"{name_of(path)}:{node.lineno}"


def test_accounts_are_locked_by_the_ledger_alone() -> None:
    others = [path for path in modules(*ROOMS) if name_of(path) not in KEEPERS]
    assert [one for path in others for one in _locking_accounts(path)] == []
