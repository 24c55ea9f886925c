"""The command line: its commands in the order in which one needs them."""

from __future__ import annotations

import io
import sys
from typing import Annotated

import typer

from ..version import VERSION
from . import batching, catalogue, getting, sign_in

app = typer.Typer(
    name="gatehouse",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # a trace shows values, and among them a token
    help="Find, get and check models that are released under a licence, and run prompts on them.",
    epilog="Exit codes: 0 done, 1 refused, 2 usage, 3 not signed in, 4 no access, 5 damaged, 6 network, 7 no space, "
    "130 interrupted.",
)
for command in (
    sign_in.login, sign_in.logout, sign_in.whoami, catalogue.models, catalogue.apply, catalogue.status,
    getting.download, getting.verify,
):  # fmt: skip
    app.command()(command)
app.add_typer(batching.app, name="batch")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(VERSION)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """What stands before a command."""


def main() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character gets another
    app(prog_name="gatehouse")
