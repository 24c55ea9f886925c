"""The command layer as tests see it; the mutants run the same tests against a changed one."""

from types import ModuleType

import pytest

from access_portal.applications import commands as real_commands


@pytest.fixture
def commands() -> ModuleType:
    return real_commands
