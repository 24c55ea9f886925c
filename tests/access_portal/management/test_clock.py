"""The clock runs every job, whatever the others do, and ends when it is told to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from threading import Event

import pytest
from django.core.management import call_command
from pytest_django import Settings

from access_portal.management.commands import clock

ran: list[str] = []
mail_left = Event()


def first(now: datetime) -> None:
    ran.append("first")
    raise RuntimeError("the first job is broken")


def second(now: datetime) -> None:
    assert now.tzinfo is not None
    ran.append("second")


def last(now: datetime) -> None:
    """Ends the clock by the signal that a supervisor sends."""
    ran.append("last")
    if ran.count("last") == 3:
        os.kill(os.getpid(), signal.SIGTERM)


def slow(now: datetime) -> None:
    """A job that waits for what only another job can do."""
    ran.append("mail left" if mail_left.wait(10) else "mail was held up")
    os.kill(os.getpid(), signal.SIGTERM)


def mail(now: datetime) -> None:
    mail_left.set()


@pytest.fixture
def restored_signals() -> Iterator[None]:
    handlers = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGTERM, handlers[0])
    signal.signal(signal.SIGINT, handlers[1])


@pytest.fixture
def jobs(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    ran.clear()
    known = {"jobs.first": first, "jobs.second": second, "jobs.last": last}
    monkeypatch.setattr(clock, "import_string", known.__getitem__)
    settings.CLOCK_JOBS = {"jobs.first": 0.01, "jobs.second": 1000, "jobs.last": 0.01}


@pytest.mark.django_db
@pytest.mark.usefixtures("jobs")
def test_once_runs_each_job_once_although_one_fails() -> None:
    call_command("clock", "--once")
    assert ran == ["first", "second", "last"]


@pytest.mark.django_db
@pytest.mark.usefixtures("jobs", "restored_signals")
def test_each_job_comes_again_after_its_interval_until_the_signal(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("clock")
    assert ran.count("last") >= 3
    assert ran.count("first") >= 1
    assert ran.count("second") == 1
    assert capsys.readouterr().out.endswith("The clock has stopped.\n")


@pytest.mark.django_db
@pytest.mark.usefixtures("restored_signals")
def test_a_job_that_hangs_holds_up_no_other(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    ran.clear()
    mail_left.clear()
    monkeypatch.setattr(clock, "import_string", {"jobs.slow": slow, "jobs.mail": mail}.__getitem__)
    settings.CLOCK_JOBS = {"jobs.slow": 1000, "jobs.mail": 1000}
    call_command("clock")
    assert ran == ["mail left"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_process_ends_with_status_0(number: signal.Signals, tmp_path: Path) -> None:
    """No table exists here, so every job fails: that is logged under its name, and the clock goes on."""
    env = {**os.environ, "GATEHOUSE_DATABASE_URL": f"sqlite:///{tmp_path}/empty.sqlite3"}
    process = subprocess.Popen(
        [sys.executable, "manage.py", "clock", "--skip-checks"], env=env, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    failed = set()
    for line in process.stdout:
        if line.startswith("{") and "clock_job_failed" in line:
            failed.add(json.loads(line)["job"])
        if len(failed) == 2:
            break
    process.send_signal(number)
    process.communicate()
    assert process.returncode == 0
