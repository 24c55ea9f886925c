"""Loads a module of ours with one fault in it."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest


def load(source: str, found: str, instead: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module with one fault in it; the place must exist, and once only."""
    assert found == "" or source.count(found) == 1
    module = ModuleType("applications_mutant")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(source.replace(found, instead) if found else source, "<mutant>", "exec"), module.__dict__)  # noqa: S102 - our own file
    return module
