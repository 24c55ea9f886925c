"""`login`, `logout`, `whoami`."""

from __future__ import annotations

import sys
import webbrowser
from typing import Annotated

import typer

from .. import device
from ..credentials import LONGEST_TOKEN, TOKEN_VARIABLE, sound_token
from ..person import require_valid_token
from ..person import whoami as ask_who
from ..session import Portal
from .context import Context, ended
from .options import InsecureHttp, Json, NoBrowser, Server

FROM_STDIN = "-"


@ended
def login(
    token: Annotated[
        str | None,
        typer.Option(
            metavar="TOKEN",
            help="A token from the page of your account, instead of the browser; “-” reads it from stdin.",
        ),
    ] = None,
    no_browser: NoBrowser = False,
    server: Server = None,
    insecure_http: InsecureHttp = False,
    as_json: Json = False,
) -> None:
    """Sign in: confirm in the browser, or give a token. It is kept in your configuration folder, for you alone."""
    context = Context(as_json=as_json, server=server, insecure=insecure_http)
    if token is None:
        secret = _from_browser(context, no_browser=no_browser)
    else:
        secret = sound_token(_first_line() if token == FROM_STDIN else token)
    with context.portal(secret) as portal:
        person = require_valid_token(portal)
    path = context.credentials.keep(context.server, secret)
    context.output.object({"server": context.server, "person": person, "kept_in": path})
    who = f" as {person.name or person.username}" if person else ""
    context.output.say(f"Signed in to {context.server}{who}. The token is kept in {path}.")
    if context.credentials.is_from_environment():
        context.output.note(f"{TOKEN_VARIABLE} is set and wins over it.")


@ended
def logout(
    everywhere: Annotated[bool, typer.Option("--all", help="Forget the tokens of all servers.")] = False,
    server: Server = None,
    insecure_http: InsecureHttp = False,
    as_json: Json = False,
) -> None:
    """Forget the token on this machine. It stays valid until you revoke it on the page of your account."""
    context = Context(as_json=as_json, server=server, insecure=insecure_http)
    known = context.credentials.forget_all() if everywhere else context.credentials.forget(context.server)
    where = "" if everywhere else context.server
    context.output.object({"server": where, "forgotten": known})
    page = f" Revoke it at {where}/account/tokens/ if somebody else may have it." if where else ""
    context.output.say(f"The token was forgotten here.{page}" if known else "There was no token here.")


@ended
def whoami(server: Server = None, insecure_http: InsecureHttp = False, as_json: Json = False) -> None:
    """Say who you are to the server, and what your token allows."""
    context = Context(as_json=as_json, server=server, insecure=insecure_http)
    with context.portal() as portal:
        person = ask_who(portal)
    context.output.object({"server": context.server, "person": person})
    context.output.say(f"{person.name or person.username} ({person.username}) at {context.server}")
    ends = f", until {person.expires_at[:10]}" if person.expires_at else ""
    context.output.say(f"Token “{person.token}”: {', '.join(person.scopes) or 'no scopes'}{ends}")


def _from_browser(context: Context, *, no_browser: bool) -> str:
    context.credentials.require_room()
    with Portal(context.server, insecure=context.insecure) as portal:  # without an old token, which may have ended
        codes = device.ask(portal)
        context.output.object({"event": "confirm", "page": codes.page_with_code, "code": codes.user_code})
        context.output.note(f"Open {codes.page} and confirm the code {codes.user_code}.")
        if not (no_browser or context.output.as_json) and webbrowser.open(codes.page_with_code):
            context.output.note("Your browser shows the page. Compare the code before you allow it.")
        return device.await_token(portal, codes)


def _first_line() -> str:
    """Whatever bytes there are; those that are no text make no token."""
    return sys.stdin.buffer.readline(LONGEST_TOKEN + 100).decode("ascii", "replace")
