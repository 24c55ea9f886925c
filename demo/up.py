"""`./dev up`: from installed packages to a running portal that has just done its main job in front of you."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from demo import mission, services
from demo.children import Child, port_is_open
from demo.errors import DemoError
from demo.home import ROOT, Home, write_private
from demo.lock import only_copy
from demo.screen import Screen

WATCH_SECONDS = 0.5


def up(home: Home, *, port: int, once: bool) -> None:
    """Serve until interrupted; with `once`, stop after the main job. Raises DemoError or MissionFailedError."""
    home.make()
    screen = Screen()
    with only_copy(home), _stopped_by_signals():
        _require_free(port)
        first = not home.demo_file.exists()
        ports = services.Ports.choose(port)
        env = services.settings(home, ports)
        write_private(home.environment_file, env)
        started_at = time.monotonic()
        with _running(services.stores(home, ports, env), screen) as stores:
            prepare(env, screen)
            with _running(services.portal(home, ports, env), screen) as portal:
                demo = json.loads(home.demo_file.read_text())
                screen.say(f"\n  The portal serves {demo['base_url']} ({time.monotonic() - started_at:.0f} s).\n")
                if first or once:
                    run_mission(home, demo, screen)
                if once:
                    screen.say("\n  Done. ./dev up starts it again and keeps it running, for you to try.")
                    return
                _print_ways_on(demo, screen)
                _watch([*stores, *portal], screen)


def prepare(env: dict[str, str], screen: Screen) -> None:
    """Tables, static files, catalogue, demo people and the demo release, in one Django process."""
    with screen.step("Database, catalogue, demo people and demo release"):
        command = [sys.executable, "manage.py", "demo_seed"]
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, check=False)
        if done.returncode:
            raise DemoError(
                f"The demonstration could not be prepared:\n{(done.stdout + done.stderr)[-2000:]}\n"
                "If you have changed the code or updated the project, ./dev reset begins anew."
            )


def run_mission(home: Home, demo: dict[str, Any], screen: Screen) -> None:
    """The main job, through public interfaces only; its transcript is kept."""
    begin = len(screen.lines)
    try:
        mission.run(demo, screen)
    finally:
        home.transcript_file.write_text("\n".join(screen.lines[begin:]) + "\n")


def _require_free(port: int) -> None:
    if port_is_open(port):
        raise DemoError(
            f"Port {port} is taken by another program. Stop that one, or choose another port: "
            f"./dev up --port {port + 10}"
        )


@contextmanager
def _running(children: list[Child], screen: Screen) -> Iterator[list[Child]]:
    """Start the children together, wait for all, and stop them in reverse order at the end."""
    try:
        with screen.step(f"Start {', '.join(child.name for child in children)}"):
            for child in children:
                child.start()
            for child in children:
                child.wait_until_ready()
        yield children
    finally:
        for child in reversed(children):
            child.stop()


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Let a polite `kill` unwind like Ctrl-C, so that every child is stopped."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    previous = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _watch(children: list[Child], screen: Screen) -> None:
    """Keep serving; a part that dies is started again, since nothing is lost with it."""
    screen.say("  Press Ctrl-C to stop everything.")
    while True:
        time.sleep(WATCH_SECONDS)
        for child in children:
            if child.restart_if_dead():
                screen.say(f"  {child.name} had stopped and was started again (log: {child.log}).")


def _print_ways_on(demo: dict[str, Any], screen: Screen) -> None:
    base_url = demo["base_url"]
    screen.say("\n  Now try it yourself:")
    screen.detail("Portal", f"{base_url}/")
    screen.detail("Demo accounts, sign-in codes and mail", f"{base_url}/demo/")
    screen.detail("Review queue (as the reviewer)", f"{base_url}/review/")
    screen.detail("Inference API", f"{base_url}/v1 (model {demo['model']})")
    screen.say()
    screen.say(f"      {'who':28} {'name':8} password")
    for title, person in demo["people"].items():
        screen.say(f"      {title.replace('_', ' '):28} {person['name']:8} {person['password']}")
    screen.say("      API tokens are in .gatehouse/demo.json, which only you can read.\n")
