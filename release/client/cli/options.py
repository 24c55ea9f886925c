"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON: one object, or one a line while something goes on.")]
Server = Annotated[
    str | None,
    typer.Option("--server", metavar="URL", help="The server; else GATEHOUSE_SERVER, else that of the last login."),
]
InsecureHttp = Annotated[
    bool, typer.Option("--insecure-http", help="Allow http:// to other machines: anybody on the way can read along.")
]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Print the page's address and open nothing.")]
