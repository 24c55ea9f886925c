"""What the store damaged or lost is put back from a copy: the very same bytes, or nothing at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from access_portal.accounts.models import Role
from access_portal.audit.models import Event
from access_portal.outbox.models import OutboxMail
from release import repairing
from release.delivery import mint
from release.errors import ReleaseFilesError, ReleaseStateError, StoreUnavailableError
from release.files import LocalFile
from release.models import Release, StoreCheck, Variant
from release.publishing import publish_release, withdraw_release
from release.repairing import Repair, repair_release
from release.sending import Known, bring_in
from release.storage import weights_store
from release.store_checks import check_store, known_damage
from tests import environment
from tests.factories import make_grant, make_user
from tests.release import faulty_store
from tests.release.conftest import NOW
from tests.release.faulty_store import UNAVAILABLE, FaultyStore, altered

WEIGHTS = "consolidated.00.pth"
BROKEN = [WEIGHTS, "params.json"]
Printed = pytest.CaptureFixture[str]


@pytest.fixture
def store(s3_server: str, settings: Settings) -> Iterator[FaultyStore]:
    settings.STORE_RETRY_SECONDS = [0.0] * 2
    with faulty_store.before(environment.S3_PORT) as faulty:
        settings.S3_ENDPOINT_URL = faulty.url
        yield faulty


@pytest.fixture(autouse=True)
def people(db: None) -> None:
    make_user("olga", Role.RELEASE_MANAGER)
    make_user("otto", Role.OPERATOR)
    make_user("ben", Role.REVIEWER)


@pytest.fixture
def broken(published: Release, store: FaultyStore) -> Release:
    """Of its four files one has another byte, and one is gone; nobody knows yet."""
    flip(published, WEIGHTS)
    weights_store().delete(key_of(published, "params.json"))
    store.seen.clear()
    store.passed.clear()
    return published


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    """The damaged files alone."""
    (tmp_path / "copy").mkdir()
    for name in BROKEN:
        shutil.copy(folder / name, tmp_path / "copy")
    return tmp_path / "copy"


def key_of(release: Release, path: str) -> str:
    return release.artifacts.get(path=path).storage_key


def flip(release: Release, path: str) -> None:
    content = bytearray(weights_store().read(key_of(release, path)))
    content[len(content) // 3] ^= 1
    weights_store().put_bytes(key_of(release, path), bytes(content))


def repair(release: Release, folder: Path) -> Repair:
    return repair_release(release=release, folder=folder, actor=None, now=NOW)


def is_whole(release: Release, folder: Path) -> bool:
    artifacts = release.artifacts.all()
    return all(weights_store().read(each.storage_key) == (folder / each.path).read_bytes() for each in artifacts)


def sent(store: FaultyStore) -> int:
    return store.seen["put"] + store.seen["part"] + store.seen["begin"]


def mails(template: str) -> list[str]:
    return [mail.user.username for mail in OutboxMail.objects.filter(template=template) if mail.user is not None]


@pytest.mark.parametrize("source", ["folder", "copy"])
def test_the_same_bytes_are_put_back_from_the_whole_folder_or_these_files_alone(
    broken: Release, store: FaultyStore, folder: Path, source: str, request: pytest.FixtureRequest
) -> None:
    done = repair(broken, request.getfixturevalue(source))
    assert done.mended == BROKEN
    assert is_whole(broken, folder)
    assert sent(store) == 2
    assert known_damage(broken) == set()
    assert done.check == broken.store_checks.first()
    assert [row["path"] for row in StoreCheck.objects.earliest("pk").damages] == BROKEN


def test_it_is_on_record_by_whom_and_told_once_to_those_who_heard_of_the_damage(broken: Release, copy: Path) -> None:
    call_command("release", "repair", "toy/1m", "v1", str(copy), "--as", "olga")
    event = Event.objects.get(name="release_repaired")
    assert (event.subject, str(event.actor.username if event.actor else "")) == ("release:toy-1m@v1", "olga")
    assert event.data == {"state": "published", "was": "published", "repaired": BROKEN}
    assert mails("release_damaged") == mails("release_repaired") == ["olga", "otto"]
    body = OutboxMail.objects.filter(template="release_repaired")[0].body
    assert f"- {WEIGHTS}\n- params.json\n" in body
    assert "No file of it is damaged any more." in body
    assert "/office/releases/toy-1m/v1/" in body


def test_the_command_says_what_it_did_and_a_second_time_that_nothing_is_damaged(
    broken: Release, store: FaultyStore, copy: Path, capsys: Printed
) -> None:
    call_command("release", "repair", "toy/1m", "v1", str(copy))
    assert f"{WEIGHTS} is whole again\nparams.json is whole again\n" in capsys.readouterr().out
    before = sent(store)
    call_command("release", "repair", "toy/1m", "v1", str(copy))
    assert "nothing is damaged" in capsys.readouterr().out
    assert sent(store) == before
    assert Event.objects.filter(name="release_repaired").count() == 1
    assert len(mails("release_repaired")) == 2


def test_a_whole_release_is_left_alone_whatever_the_folder_holds(
    published: Release, store: FaultyStore, tmp_path: Path
) -> None:
    store.seen.clear()
    assert repair(published, tmp_path).mended == []
    assert sent(store) == 0
    assert not OutboxMail.objects.exists()


def _other_byte(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[5] ^= 1
    file.write_bytes(bytes(content))


def _longer(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"\n")


def _link(file: Path) -> None:
    file.rename(file.with_name("elsewhere"))
    file.symlink_to("elsewhere")


def _folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (_other_byte, "has SHA-256"),
        (_longer, "has 297,789 bytes instead of"),
        (_link, "is a link or not a plain file"),
        (_folder, "is a link or not a plain file"),
        (Path.unlink, "is not there"),
    ],
)
def test_a_copy_that_is_not_the_very_file_is_named_and_nothing_is_sent(
    broken: Release, store: FaultyStore, copy: Path, spoil: Callable[[Path], None], problem: str
) -> None:
    spoil(copy / WEIGHTS)
    with pytest.raises(ReleaseFilesError, match=f"'{WEIGHTS}' {problem}") as refused:
        repair(broken, copy)
    assert refused.value.code == "copy_unfit"
    assert sent(store) == 0
    assert known_damage(broken) == set(BROKEN)
    assert not Event.objects.filter(name="release_repaired").exists()


def test_all_that_is_amiss_with_the_copy_is_named_at_once_with_status_one(broken: Release, tmp_path: Path) -> None:
    (tmp_path / "params.json").write_text("{}")
    with pytest.raises(CommandError) as failed:
        call_command("release", "repair", "toy/1m", "v1", str(tmp_path))
    head, *problems, remedy = str(failed.value).splitlines()
    assert (head[:4], failed.value.returncode) == (str(tmp_path)[:4], 1)
    assert [problem.split()[1] for problem in problems] == [f"'{name}'" for name in BROKEN]
    assert remedy.startswith("Name a folder")


def test_a_folder_that_is_not_there_is_said_before_the_store_is_read(
    broken: Release, store: FaultyStore, tmp_path: Path
) -> None:
    with pytest.raises(ReleaseFilesError, match="There is no folder"):
        repair(broken, tmp_path / "none")
    assert not store.seen


def test_what_else_lies_in_the_folder_does_not_matter(broken: Release, folder: Path, copy: Path) -> None:
    (copy / ".cache").symlink_to("/etc")
    (copy / "notes.txt").write_text("mine")
    repair(broken, copy)
    assert is_whole(broken, folder)


def test_a_store_that_is_away_can_be_tried_again_later(broken: Release, store: FaultyStore, copy: Path) -> None:
    store.faults = [lambda request, ask: UNAVAILABLE]
    with pytest.raises(CommandError) as failed:
        call_command("release", "repair", "toy/1m", "v1", str(copy))
    assert failed.value.returncode == 3
    store.faults = []
    assert repair(broken, copy).mended == BROKEN


def test_a_run_that_was_cut_after_the_files_had_arrived_is_told_by_the_next(
    broken: Release, store: FaultyStore, folder: Path
) -> None:
    store.faults = [lambda request, ask: UNAVAILABLE if request.kind == "get" and store.passed["put"] == 2 else None]
    with pytest.raises(StoreUnavailableError):
        repair(broken, folder)
    store.faults = []
    assert is_whole(broken, folder)
    assert not mails("release_repaired")
    assert repair(broken, folder).mended == BROKEN
    assert mails("release_repaired") == ["olga", "otto"]


def test_a_store_that_does_not_keep_what_it_is_given_stays_on_record_as_damaged(
    broken: Release, store: FaultyStore, copy: Path, capsys: Printed
) -> None:
    key = key_of(broken, WEIGHTS)
    other = faulty_store.Answer(200, {}, b"x")
    store.faults = [altered("get", lambda request, answer: other if key in request.path else answer)]
    with pytest.raises(CommandError, match="not what was sent"):
        call_command("release", "repair", "toy/1m", "v1", str(copy))
    assert known_damage(broken) == set(BROKEN)


def test_its_own_keys_are_filled_whatever_the_catalogue_calls_the_model_now(broken: Release, folder: Path) -> None:
    Variant.objects.update(hub_repo="toy/renamed")
    repair(broken, folder)
    assert is_whole(broken, folder)


def test_a_link_that_was_handed_out_before_works_again(broken: Release, folder: Path) -> None:
    ada = make_user("ada")
    make_grant(ada, broken.variant.family)
    link = mint(actor=ada, release=broken, path=WEIGHTS, address=None, user_agent="", now=timezone.now())
    weights_store().delete(key_of(broken, WEIGHTS))
    assert httpx.get(link.url).status_code == 404
    repair(broken, folder)
    assert httpx.get(link.url).content == (folder / WEIGHTS).read_bytes()


def test_what_is_only_staged_is_repaired_and_stays_so(
    stage: Callable[..., Release], store: FaultyStore, folder: Path
) -> None:
    release = stage()
    flip(release, WEIGHTS)
    assert repair(release, folder).mended == [WEIGHTS]
    release.refresh_from_db()
    assert release.state == "staged"
    publish_release(release=release, actor=None, now=NOW)


def test_what_was_withdrawn_is_not_put_back(broken: Release, store: FaultyStore, copy: Path) -> None:
    withdraw_release(release=broken, reason="Wrong.", actor=None, now=NOW)
    with pytest.raises(ReleaseStateError) as refused:
        repair(broken, copy)
    assert refused.value.code == "wrong_state"
    assert not store.seen


def test_a_file_that_somebody_else_found_damaged_meanwhile_stays_known(
    broken: Release, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def send_while_another_reads(*args: Any) -> list[Known]:
        flip(broken, "tokenizer.model")
        check_store(broken, timezone.now())
        return bring_in(*args)

    monkeypatch.setattr(repairing, "bring_in", send_while_another_reads)
    done = repair_release(release=broken, folder=copy, actor=None, now=timezone.now())
    assert done.mended == BROKEN
    assert known_damage(broken) == {"tokenizer.model"}


def test_what_is_damaged_still_after_sending_is_named_with_status_one(
    broken: Release, copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    def lose_the_first(files: list[LocalFile], *rest: Any) -> list[Known]:
        return bring_in(files[1:], *rest)

    monkeypatch.setattr(repairing, "bring_in", lose_the_first)
    with pytest.raises(CommandError, match="1 files are damaged still") as failed:
        call_command("release", "repair", "toy/1m", "v1", str(copy))
    assert failed.value.returncode == 1
    printed = capsys.readouterr()
    assert (printed.out, f"{WEIGHTS} has SHA-256" in printed.err) == ("params.json is whole again\n", True)
    assert known_damage(broken) == {WEIGHTS}
    assert "1 other file of it is damaged still." in OutboxMail.objects.filter(template="release_repaired")[0].body


def test_staging_other_files_forgets_what_was_read_of_the_former_ones(
    stage: Callable[..., Release], store: FaultyStore
) -> None:
    release = stage()
    flip(release, WEIGHTS)
    check_store(release, NOW - timedelta(days=1))
    assert known_damage(stage()) == set()
