"""Staging that is killed in the middle, twice at once, and uploads that nobody takes up again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Event
from urllib.parse import urlsplit

import pytest
from django.db import connection
from pytest_django import Settings

from access_portal.audit.commands import first_broken
from release.models import Release, Upload, Variant
from release.multipart import Multipart
from release.storage import PART_BYTES, weights_store
from release.uploads import ABANDONED_AFTER, give_up_due
from release.verification import damages
from tests import environment
from tests.release import faulty_store
from tests.release.big_files import NOW, parts, send, write
from tests.release.faulty_store import UNAVAILABLE, Answer, Ask, FaultyStore, Request

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("s3_server")]

ROOT = Path(__file__).resolve().parents[2]
SENDER = """
import sys, django
django.setup()
from tests.release.big_files import send
from pathlib import Path
send(Path(sys.argv[1]))
"""


@pytest.fixture
def store(s3_server: str, settings: Settings) -> Iterator[FaultyStore]:
    settings.STORE_RETRY_SECONDS = [0.0] * 4
    with faulty_store.before(environment.S3_PORT) as faulty:
        settings.S3_ENDPOINT_URL = faulty.url
        yield faulty


def _database_url() -> str:
    """The test database, as another process reaches it."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["GATEHOUSE_DATABASE_URL"])._replace(path=f"/{name}").geturl()


def _send_and_kill(store: FaultyStore, folder: Path, part: int) -> None:
    """A process that sends `folder`, killed the moment that it sends part number `part`, which never arrives."""
    reached, over = Event(), Event()

    def hold(request: Request, ask: Ask) -> Answer | None:
        if request.kind != "part" or int(request.query["partNumber"][0]) < part:
            return None
        reached.set()
        over.wait(60)
        return UNAVAILABLE

    store.faults = [hold]
    others = set(store.connections)
    env = {**os.environ, "GATEHOUSE_DATABASE_URL": _database_url(), "GATEHOUSE_S3_ENDPOINT_URL": store.url}
    sender = subprocess.Popen([sys.executable, "-c", SENDER, str(folder)], cwd=ROOT, env=env)
    assert reached.wait(120)
    sender.send_signal(signal.SIGKILL)
    assert sender.wait() == -signal.SIGKILL
    over.set()
    for connection_of_sender in store.connections - others:  # what had left it arrives, and nothing after that
        connection_of_sender.join(60)
    store.faults = []


def test_a_killed_upload_is_taken_up_and_only_missing_parts_are_sent(store: FaultyStore, tmp_path: Path) -> None:
    folder = write(tmp_path / "files", {"a.bin": parts(8)})
    _send_and_kill(store, folder, 8)  # six are on their way at once, so two have arrived at least
    upload = Upload.objects.get()
    there = Multipart(weights_store(), upload.storage_key).parts(upload.upload_id)
    assert there
    assert len(there) >= 2
    assert not weights_store().exists(upload.storage_key)
    store.passed.clear()
    [known] = send(folder)
    assert store.passed["begin"] == 0
    assert store.passed["part"] == 8 - len(there)
    assert b"".join(weights_store().stream(known.key)) == (folder / "a.bin").read_bytes()


def test_a_file_that_changed_after_the_kill_is_sent_as_it_is_now(store: FaultyStore, tmp_path: Path) -> None:
    folder = write(tmp_path / "files", {"a.bin": parts(3)})
    _send_and_kill(store, folder, 3)
    with (folder / "a.bin").open("r+b") as file:
        file.seek(PART_BYTES + 5)
        file.write(b"changed")
    [known] = send(folder)
    assert b"".join(weights_store().stream(known.key)) == (folder / "a.bin").read_bytes()


def test_what_nobody_takes_up_for_a_week_is_given_up_and_its_parts_are_gone(store: FaultyStore, tmp_path: Path) -> None:
    folder = write(tmp_path / "files", {"a.bin": parts(2)})
    _send_and_kill(store, folder, 2)
    upload = Upload.objects.get()
    assert give_up_due(upload.began_at + ABANDONED_AFTER - timedelta(seconds=1)) == 0
    assert give_up_due(upload.began_at + ABANDONED_AFTER) == 1
    assert not Upload.objects.exists()
    assert not (Path(environment.FOLDER) / "s3" / ".nanio" / "multipart" / upload.upload_id).exists()
    assert give_up_due(upload.began_at + ABANDONED_AFTER) == 0


def test_an_upload_is_kept_on_record_until_the_store_has_given_it_up(store: FaultyStore, tmp_path: Path) -> None:
    Upload.objects.create(storage_key="toy/x", upload_id="gone", part_bytes=PART_BYTES, began_at=NOW)
    store.faults = [lambda request, ask: UNAVAILABLE if request.kind == "abort" else None]
    assert give_up_due(NOW + ABANDONED_AFTER) == 0
    store.faults = []
    assert give_up_due(NOW + ABANDONED_AFTER) == 1  # the store knows no such upload, which is what was wanted


def test_two_who_send_the_same_files_at_once_both_have_them(store: FaultyStore, tmp_path: Path) -> None:
    folder = write(tmp_path / "files", {"a.bin": parts(4), "b.bin": parts(3), "note": 10})
    barrier = Barrier(2)

    def run(_: int) -> list[str]:
        barrier.wait()
        try:
            return [known.key for known in send(folder)]
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(run, range(2))
    assert first == second
    for key, name in zip(first, ("a.bin", "b.bin", "note"), strict=True):
        assert b"".join(weights_store().stream(key)) == (folder / name).read_bytes()
    assert not Upload.objects.exists()


def test_of_two_who_stage_one_version_at_once_both_succeed_and_one_release_is_there(
    store: FaultyStore, request: pytest.FixtureRequest
) -> None:
    stage: Callable[..., Release] = request.getfixturevalue("stage")
    variant: Variant = request.getfixturevalue("variant")
    barrier = Barrier(2)

    def run(_: int) -> int:
        barrier.wait()
        try:
            return int(stage().pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        staged = set(pool.map(run, range(2)))
    release = Release.objects.get(variant=variant)
    assert staged == {release.pk}
    assert release.artifacts.count() == 4
    assert list(damages(release.artifacts.all())) == []
    assert first_broken("release:toy-1m@v1") is None
