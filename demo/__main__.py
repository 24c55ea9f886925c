"""The demonstration on a terminal: `python -m demo up | mission | manage | down | reset`; `./dev` calls it."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys

from demo import up
from demo.errors import DemoError
from demo.home import ROOT, Home
from demo.lock import is_held, stop_other_copy
from demo.screen import Screen


def main() -> int:
    """Exit status: 0 done, 1 failed with a sentence on stderr, 2 wrong usage, 130 interrupted."""
    options = _parser().parse_args()
    try:
        COMMANDS[options.command](Home.here(), options)
    except DemoError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    return 0


def _up(home: Home, options: argparse.Namespace) -> None:
    up.up(home, port=options.port, once=options.once)


def _mission(home: Home, options: argparse.Namespace) -> None:
    if not is_held(home):
        raise DemoError("Gatehouse is not running here. Start it with ./dev up.")
    up.run_mission(home, json.loads(home.demo_file.read_text()), Screen())


def _manage(home: Home, options: argparse.Namespace) -> None:
    if not is_held(home):
        raise DemoError("Gatehouse is not running here. Start it with ./dev up.")
    env = {**os.environ, **json.loads(home.environment_file.read_text())}
    os.chdir(ROOT)
    os.execve(sys.executable, [sys.executable, "manage.py", *(options.arguments or ["help"])], env)  # noqa: S606 - the same program, with the demonstration's settings


def _down(home: Home, options: argparse.Namespace) -> None:
    print("Stopped." if stop_other_copy(home) else "Nothing was running.")


def _reset(home: Home, options: argparse.Namespace) -> None:
    stop_other_copy(home)
    if home.folder.exists():
        shutil.rmtree(home.folder)
    print(f"Deleted {home.folder}: the next ./dev up begins anew.")


COMMANDS = {"up": _up, "mission": _mission, "manage": _manage, "down": _down, "reset": _reset}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev", description="Run Gatehouse on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser("up", help="start everything, do the main job once, keep serving")
    start.add_argument("--once", action="store_true", help="stop after the main job; exit 1 if a step failed")
    start.add_argument("--port", type=int, default=8000, help="of the portal (default: %(default)s)")
    commands.add_parser("mission", help="do the main job again, against the running portal")
    manage = commands.add_parser("manage", help="run manage.py on the data of the running portal")
    manage.add_argument("arguments", nargs=argparse.REMAINDER)
    commands.add_parser("down", help="stop what ./dev up started")
    commands.add_parser("reset", help="stop it and delete its data")
    return parser


if __name__ == "__main__":
    sys.exit(main())
