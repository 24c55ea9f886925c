"""Our own modules with one fault in them, and tests that are run to see whether they notice."""

from __future__ import annotations

import inspect
import itertools
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest
from django.db import transaction

from access_portal.applications import commands
from tests.access_portal.applications.table import ROLES, ROWS, Row, World, outcome

WHERE = ("access_portal.", "tests.access_portal.applications.")
Test = Callable[..., None]


def load(source: str, found: str, instead: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module with one fault in it; the place must exist, and once only."""
    assert found == "" or source.count(found) == 1
    module = ModuleType("applications_mutant")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(source.replace(found, instead) if found else source, "<mutant>", "exec"), module.__dict__)  # noqa: S102 - our own file
    return module


@contextmanager
def planted(module: ModuleType, found: str, instead: str) -> Iterator[None]:
    """One fault in a module that is in use: whoever imported something from it gets what is faulty, for this block.

    Classes stay as they were, since rows and constants elsewhere are instances of them.
    """
    source = Path(str(module.__file__)).read_text()
    assert source.count(found) == 1, found
    sound = dict(vars(module))
    exec(compile(source.replace(found, instead), "<mutant>", "exec"), vars(module))  # noqa: S102 - our own file
    swapped = list(_swap(module, sound))
    try:
        yield
    finally:
        for holder, name, value in swapped:
            setattr(holder, name, value)
        vars(module).update(sound)


def _swap(module: ModuleType, sound: Mapping[str, Any]) -> Iterator[tuple[ModuleType, str, Any]]:
    faulty = {}
    for name, value in sound.items():
        if isinstance(value, FunctionType | dict) and vars(module)[name] is not value:
            faulty[id(value)] = vars(module)[name]
        elif not isinstance(value, FunctionType | dict | tuple | int):
            setattr(module, name, value)
    for holder in [holder for name, holder in sys.modules.items() if name.startswith(WHERE) and holder is not module]:
        for name, value in list(vars(holder).items()):
            if id(value) in faulty:
                setattr(holder, name, faulty[id(value)])
                yield holder, name, value


def notices(suite: ModuleType, name: str) -> bool:
    """Whether this test of `suite` fails, with any of its parameters."""
    test: Test = getattr(suite, name)
    return not all(_passes(suite, test, arguments) for arguments in _parameters(test))


def _passes(suite: ModuleType, test: Test, arguments: Mapping[str, Any]) -> bool:
    with transaction.atomic(), pytest.MonkeyPatch.context() as monkeypatch:
        try:
            made: dict[str, Any] = {"monkeypatch": monkeypatch, **arguments}
            test(**{name: _made(suite, name, made) for name in inspect.signature(test).parameters})
        except (Exception, pytest.fail.Exception):
            return False
        finally:
            transaction.set_rollback(True)
    return True


def _made(suite: ModuleType, name: str, made: dict[str, Any]) -> Any:
    """A fixture of the suite, once for each test; `commands` is the real package, with the fault in it."""
    if name == "commands":
        return commands
    if name not in made:
        make = inspect.unwrap(getattr(suite, name))
        made[name] = make(**{needed: _made(suite, needed, made) for needed in inspect.signature(make).parameters})
    return made[name]


def _parameters(test: Test) -> Iterator[dict[str, Any]]:
    """Each combination of what a test is parametrised with."""
    choices = []
    for mark in (mark for mark in getattr(test, "pytestmark", []) if mark.name == "parametrize"):
        names, values = mark.args
        split = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
        choices.append([dict(zip(split, [value] if len(split) == 1 else value, strict=True)) for value in values])
    for chosen in itertools.product(*choices):
        yield {name: value for part in chosen for name, value in part.items()}


def noticed_in_table(command: str) -> bool:
    """Whether a row of the hand-written table about this command does not hold."""
    with transaction.atomic():
        try:
            world = World()
            return not all(_holds(world, row) for row in ROWS if row.command == command)
        finally:
            transaction.set_rollback(True)


def _holds(world: World, row: Row) -> bool:
    try:
        return tuple(outcome(commands, world, row, role) for role in ROLES) == row.expected
    except Exception:  # in a command with a fault anything can happen
        return False
