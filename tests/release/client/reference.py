"""The client's commands, options and exit codes for people, made from the program itself.

`python -m tests.release.client.reference` prints what docs/reference/client.md holds between its two marks.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from release.client.cli.app import app
from release.client.cli.exits import MEANINGS

SHARED = ("--server", "--insecure-http", "--json")


def markdown() -> str:
    """A section for each command, the options that several have, and a table of the exit codes."""
    program: Any = get_command(app)
    parts = [_section(f"gatehouse {' '.join(words)}", command) for words, command in _commands(program.commands)]
    return "\n".join([*parts, _shared(program), _exits()])


def _commands(found: dict[str, Any], *before: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in found.items():
        inner = getattr(command, "commands", None)
        if inner is None:
            yield (*before, name), command
        else:
            yield from _commands(inner, *before, name)


def _section(name: str, command: Any) -> str:
    takes = [each for each in command.params if each.param_type_name == "argument"]
    usage = " ".join([name, *(_argument(each) for each in takes), "[OPTIONS]"])
    own = [each for each in command.params if not set(each.opts) & set(SHARED)]
    shared = [f"`{option}`" for option in SHARED if any(option in each.opts for each in command.params)]
    lines = [f"### `{name}`", "", " ".join(command.help.split()), "", "```", usage, "```", ""]
    lines += [*_table(own), ""] if own else []
    return "\n".join([*lines, f"And {', '.join(shared)}.", ""])


def _table(parameters: list[Any]) -> list[str]:
    return ["| | what |", "|---|---|", *(f"| `{_cell(_written(each))}` | {_meaning(each)} |" for each in parameters)]


def _argument(parameter: Any) -> str:
    name = str(parameter.metavar or parameter.name).upper()
    return name if parameter.required or name.startswith("[") else f"[{name}]"


def _written(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return _argument(parameter)
    value = "" if parameter.is_flag else f" {_value(parameter)}"
    return ", ".join(parameter.opts) + value


def _value(parameter: Any) -> str:
    choices = getattr(parameter.type_descriptor, "choices", None)
    return "|".join(choices) if choices else str(parameter.metavar or "NUMBER")


def _meaning(parameter: Any) -> str:
    usual = parameter.default
    told = f" Usually {usual:g}." if isinstance(usual, int | float) and not isinstance(usual, bool) else ""
    return _cell(" ".join(parameter.help.split()) + told)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _shared(program: Any) -> str:
    """Each as `download` has it, which has them all."""
    found = [each for each in program.commands["download"].params if set(each.opts) & set(SHARED)]
    return "\n".join(["## Options of several commands", "", *_table(found), ""])


def _exits() -> str:
    rows = (f"| {code.value} | {meaning} |" for code, meaning in MEANINGS.items())
    return "\n".join(["## Exit codes", "", "| code | what it says |", "|---|---|", *rows, ""])


if __name__ == "__main__":
    sys.stdout.write(markdown())
