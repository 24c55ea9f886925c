"""What every command needs: the server that is meant, the person's token, a way to print; and how it ends."""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, ParamSpec

import typer

from ..address import server_origin
from ..credentials import Credentials
from ..errors import ClientError, UsageError
from ..folder import disk_error
from ..pins import Pins
from ..session import Portal
from .exits import Exit, exit_for
from .output import Output

P = ParamSpec("P")
GO_ON = "What arrived is kept: run the same command again to go on."


class Context:
    """Of one run of one command."""

    def __init__(self, *, as_json: bool, server: str | None = None, insecure: bool = False) -> None:
        folder = _config_folder()
        self.output = Output(as_json=as_json)
        self.credentials = Credentials(folder, os.environ)
        self.pins = Pins(folder)
        self.insecure = insecure
        self._asked = server

    @functools.cached_property
    def server(self) -> str:
        """Raises UsageError where none was ever named."""
        named = self._asked or self.credentials.default_server()
        if not named:
            raise UsageError(
                "server_unknown",
                "Which server?",
                "Name it by --server https://gatehouse.example, or in GATEHOUSE_SERVER; a login remembers it.",
            )
        return server_origin(named, insecure=self.insecure)

    def portal(self, token: str | None = None) -> Portal:
        """With this token, else with the one that is kept for the server."""
        return Portal(self.server, token or self.credentials.token_for(self.server), insecure=self.insecure)


def ended(command: Callable[P, None]) -> Callable[P, None]:
    """The command, ending with the documented exit code whatever happens in it; it has an argument `as_json`.

    A KeyboardInterrupt may say what helps, where the same command once more does not.
    """

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        as_json = bool(kwargs.get("as_json"))
        output = Output(as_json=as_json)
        signal.signal(signal.SIGTERM, _interrupt)
        try:
            command(*args, **kwargs)
        except BrokenPipeError:
            raise  # whoever read what we print has gone
        except (ClientError, OSError) as error:
            told = error if isinstance(error, ClientError) else disk_error(error, Path(str(error.filename or ".")))
            _tell(output.error, told)
            raise typer.Exit(exit_for(told)) from error
        except KeyboardInterrupt as stopped:
            told = ClientError("interrupted", "Interrupted.", str(stopped) or GO_ON)
            if as_json:
                _tell(output.last_word, told)
            output.note(f"{told.explanation} {told.remedy}")
            with suppress(OSError):
                sys.stdout.flush()
            os._exit(Exit.INTERRUPTED)  # threads may still wait for the network, and nothing is owed to them

    return run


def _config_folder() -> Path:
    """On macOS too where XDG_CONFIG_HOME names it, else where the system keeps such things."""
    named = os.environ.get("XDG_CONFIG_HOME")
    return Path(named) / "gatehouse" if named else Path(typer.get_app_dir("gatehouse"))


def _tell(tell: Callable[[ClientError], None], error: ClientError) -> None:
    """Also where stdout is the file that takes no more: what it still holds is given up, else Python ends with 120."""
    try:
        tell(error)
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _interrupt(*_: Any) -> None:
    """Once is enough: another signal must not disturb how the first is told."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt
