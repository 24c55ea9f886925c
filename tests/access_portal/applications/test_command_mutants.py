"""The tests of commands would notice any of these faults in the commands, and in the rules that they ask."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import pytest

from tests.access_portal.applications.faults_of_commands import FAULTS as OF_COMMANDS
from tests.access_portal.applications.faults_of_rules import FAULTS as OF_RULES
from tests.access_portal.applications.mutation import noticed_in_table, notices, planted

pytestmark = pytest.mark.django_db
FAULTS = {**OF_COMMANDS, **OF_RULES}
NAMED = sorted({name for faults in FAULTS.values() for _found, _instead, name in faults})


def each_fault() -> Iterator[tuple[str, str, str, str]]:
    for module, faults in FAULTS.items():
        for found, instead, name in faults:
            yield module, found, instead, name


@pytest.mark.parametrize(("module", "found", "instead", "name"), list(each_fault()))
def test_a_fault_is_noticed(module: str, found: str, instead: str, name: str) -> None:
    with planted(import_module(f"access_portal.applications.{module}"), found, instead):
        assert is_noticed(name)


@pytest.mark.parametrize("name", NAMED)
def test_a_sound_command_raises_no_alarm(name: str) -> None:
    assert not is_noticed(name)


def is_noticed(name: str) -> bool:
    suite, _colon, test = name.partition(": ")
    if suite == "table":
        return noticed_in_table(test)
    return notices(import_module(f"tests.access_portal.applications.test_{suite}"), f"test_{test}")
