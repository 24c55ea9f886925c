"""Releases read again in the store: what is found is written down, and told once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from access_portal.accounts.models import Role
from access_portal.audit.models import Event
from access_portal.outbox.models import OutboxMail
from release.errors import StoreUnavailableError
from release.models import Artifact, Release, StoreCheck, StoreReading, Variant
from release.rereading import REST, reread_due
from release.storage import weights_store
from release.store_checks import check_store
from tests import environment
from tests.factories import make_release, make_user
from tests.release import faulty_store
from tests.release.conftest import NOW
from tests.release.faulty_store import UNAVAILABLE, Answer, FaultyStore, Request, altered, times

DAY = timedelta(days=1)
SIZES = {"a.txt": 1000, "b.bin": 3_000_000, "c.txt": 10}


@pytest.fixture
def store(s3_server: str, settings: Settings) -> Iterator[FaultyStore]:
    settings.STORE_RETRY_SECONDS = [0.0] * 4
    with faulty_store.before(environment.S3_PORT) as faulty:
        settings.S3_ENDPOINT_URL = faulty.url
        yield faulty


@pytest.fixture
def release(db: None, store: FaultyStore) -> Release:
    """Published, with files that the store has."""
    return in_store("v1")


@pytest.fixture(autouse=True)
def people(db: None) -> None:
    make_user("olga", Role.RELEASE_MANAGER, Role.OPERATOR)
    make_user("otto", Role.OPERATOR)
    make_user("ben", Role.REVIEWER)


def in_store(version: str, variant: Variant | None = None) -> Release:
    release = make_release(variant, version=version, state="staged")
    release.artifacts.all().delete()
    for path, size in SIZES.items():
        key, data = f"checked/{version}/{path}", content(release, size)
        weights_store().put_bytes(key, data)
        Artifact.objects.create(
            release=release, path=path, size_bytes=size, sha256=hashlib.sha256(data).hexdigest(), storage_key=key
        )
    Release.objects.filter(pk=release.pk).update(
        state="published", staged_at=NOW, published_at=NOW, commit=version.ljust(40, "0"), manifest="{}",
        manifest_sha256="0" * 64,
    )  # fmt: skip
    release.refresh_from_db()
    return release


def content(release: Release, size: int) -> bytes:
    return bytes([len(release.version)]) * size


def damage(release: Release, path: str, data: bytes = b"other") -> None:
    weights_store().put_bytes(release.artifacts.get(path=path).storage_key, data)


def mend(release: Release, path: str) -> None:
    damage(release, path, content(release, SIZES[path]))


def told() -> list[str]:
    return [mail.user.username for mail in OutboxMail.objects.order_by("pk") if mail.user is not None]


def test_a_whole_release_is_read_and_written_down_and_nobody_is_told(release: Release) -> None:
    check = check_store(release, NOW)
    assert (check.began_at, check.damages, check.read_bytes) == (NOW, [], sum(SIZES.values()))
    assert check.ended_at >= NOW
    assert told() == []


def test_damage_is_told_once_to_those_who_can_do_something(release: Release) -> None:
    damage(release, "b.bin")
    weights_store().delete(release.artifacts.get(path="c.txt").storage_key)
    check = check_store(release, NOW)
    assert [row["path"] for row in check.damages] == ["b.bin", "c.txt"]
    assert told() == ["olga", "otto"]
    body = OutboxMail.objects.all()[0].body
    assert "\n    manage.py release repair toy/1m v1 FOLDER\n" in body
    assert "b.bin has 5 bytes in the store instead of 3,000,000." in body
    assert "c.txt is missing from the store." in body
    check_store(release, NOW + DAY)
    assert told() == ["olga", "otto"]
    [event] = Event.objects.filter(name="release_damaged_in_store")
    assert event.data == {"damaged": ["b.bin", "c.txt"]}


def test_what_earlier_readings_found_is_kept_when_a_release_is_staged_anew_and_hides_no_new_damage(
    store: FaultyStore, stage: Callable[..., Release]
) -> None:
    release = stage()
    damage(release, "params.json")
    first = check_store(release, NOW - DAY)
    release = stage()
    assert list(release.store_checks.all()) == [first]
    damage(release, "params.json")
    second = check_store(release, NOW + DAY)
    assert told() == ["olga", "otto"] * 2
    assert list(release.store_checks.all()) == [second, first]


def test_of_what_was_withdrawn_no_cure_is_offered(release: Release) -> None:
    Release.objects.update(state="withdrawn", withdrawn_reason="x", withdrawn_at=NOW)
    release.refresh_from_db()
    damage(release, "b.bin")
    check_store(release, NOW)
    body = OutboxMail.objects.all()[0].body
    assert "Nobody can download it." in body
    assert "repair" not in body


def test_damage_that_is_new_or_came_back_is_told_again_and_only_that(release: Release) -> None:
    damage(release, "b.bin")
    check_store(release, NOW)
    damage(release, "c.txt")
    check_store(release, NOW + DAY)
    mail = OutboxMail.objects.order_by("pk").last()
    assert mail is not None
    assert "c.txt" in mail.body
    assert "b.bin" not in mail.body
    mend(release, "b.bin")
    check_store(release, NOW + 2 * DAY)
    damage(release, "b.bin")
    check_store(release, NOW + 3 * DAY)
    assert len(told()) == 6


def test_a_store_that_breaks_off_and_is_away_for_a_while_does_no_harm(release: Release, store: FaultyStore) -> None:
    def breaks(request: Request, answer: Answer) -> Answer:
        return Answer(answer.status, answer.headers, answer.body, cut=1_000_000) if len(answer.body) > 10**6 else answer

    store.faults = [times(3, "get", UNAVAILABLE), altered("get", breaks)]
    check = check_store(release, NOW)
    assert (check.damages, check.read_bytes) == ([], sum(SIZES.values()))


def test_a_store_that_overlooks_ranges_is_read_on_all_the_same(release: Release, store: FaultyStore) -> None:
    whole: dict[str, Answer] = {}

    def whole_and_cut(request: Request, ask: faulty_store.Ask) -> Answer | None:
        if request.kind != "get":
            return None
        if "Range" in request.headers:
            return whole[request.path]
        answer = whole[request.path] = ask(request)
        return Answer(answer.status, answer.headers, answer.body, cut=len(answer.body) * 2 // 3)

    store.faults = [whole_and_cut]
    assert check_store(release, NOW).damages == []


def test_a_store_that_stays_away_leaves_no_record_and_frightens_nobody(release: Release, store: FaultyStore) -> None:
    store.faults = [lambda request, ask: UNAVAILABLE]
    with pytest.raises(StoreUnavailableError):
        check_store(release, NOW)
    assert not StoreCheck.objects.exists()
    assert told() == []


@pytest.mark.parametrize(
    ("lie", "problem"),
    [
        (lambda answer: Answer(answer.status, answer.headers, answer.body[:-1]), "has 999 bytes in the store"),
        (lambda answer: Answer(answer.status, answer.headers, answer.body * 3000), "has more bytes in the store"),
        (lambda answer: Answer(answer.status, answer.headers, b"x" + answer.body[1:]), "has SHA-256"),
    ],
)
def test_other_bytes_than_the_store_should_have_are_named(
    release: Release, store: FaultyStore, lie: object, problem: str
) -> None:
    key = release.artifacts.get(path="a.txt").storage_key
    assert callable(lie)
    store.faults = [altered("get", lambda request, answer: lie(answer) if key in request.path else answer)]
    [row] = check_store(release, NOW).damages
    assert row["path"] == "a.txt"
    assert problem in row["problem"]


def test_a_store_that_promises_more_bytes_than_it_gives_is_no_whole_store(release: Release, store: FaultyStore) -> None:
    key = release.artifacts.get(path="a.txt").storage_key

    def promises(request: Request, answer: Answer) -> Answer:
        if key in request.path and answer.status == 200:
            return Answer(answer.status, answer.headers, answer.body[:-5], length=len(answer.body))
        if key in request.path:
            return Answer(416, {}, b"<Error><Code>InvalidRange</Code><Message>No.</Message></Error>")
        return answer

    store.faults = [altered("get", promises)]
    [row] = check_store(release, NOW).damages
    assert row["problem"] == "has 995 bytes in the store instead of 1,000"


def test_the_clock_reads_a_release_a_week_after_it_was_published_and_then_each_week(release: Release) -> None:
    published = Release.objects.get().published_at
    assert published is not None
    assert reread_due(published + REST - timedelta(seconds=1)) == 0
    assert reread_due(published + REST) == 3
    [check] = StoreCheck.objects.all()
    assert (check.damages, check.read_bytes) == ([], sum(SIZES.values()))
    assert reread_due(published + REST + DAY) == 0
    assert reread_due(check.ended_at + REST) == 3


def test_the_release_that_was_longest_not_read_comes_first(release: Release) -> None:
    other = in_store("v22", release.variant)
    check_store(release, NOW + 40 * DAY)
    check_store(other, NOW + 41 * DAY)
    reread_due(NOW + 90 * DAY)
    assert [check.release for check in StoreCheck.objects.order_by("pk")][2:] == [release, other]


def test_no_more_is_read_each_day_than_the_setting_says(release: Release, settings: Settings) -> None:
    settings.STORE_CHECK_BYTES_PER_DAY = 2_000
    days = [reread_due(NOW + (90 + day) * DAY) for day in range(4)]
    assert days == [1, 1, 1, 0]  # a.txt; b.bin, larger than any day, on a day of its own; c.txt
    assert StoreCheck.objects.get().read_bytes == sum(SIZES.values())


def test_nothing_is_read_where_the_setting_says_so(release: Release, settings: Settings) -> None:
    settings.STORE_CHECK_BYTES_PER_DAY = 0
    assert reread_due(NOW + 90 * DAY) == 0


def test_the_clock_tells_damage_when_it_is_found_and_only_once(release: Release, settings: Settings) -> None:
    settings.STORE_CHECK_BYTES_PER_DAY = 2_000
    damage(release, "a.txt")
    reread_due(NOW + 90 * DAY)
    assert told() == ["olga", "otto"]
    for day in range(91, 100):
        reread_due(NOW + day * DAY)
    assert [row["path"] for row in StoreCheck.objects.latest("pk").damages] == ["a.txt"]
    assert told() == ["olga", "otto"]


def test_a_clock_waits_for_a_store_that_is_away_and_goes_on_where_it_was(release: Release, store: FaultyStore) -> None:
    store.faults = [lambda request, ask: UNAVAILABLE if "b.bin" in request.path else None]
    assert reread_due(NOW + 90 * DAY) == 1
    assert StoreReading.objects.get().up_to_path == "a.txt"
    store.faults = []
    assert reread_due(NOW + 90 * DAY) == 2


DENIED = Answer(403, {}, b"<Error><Code>AccessDenied</Code><Message>No.</Message></Error>")


def test_one_file_that_the_store_refuses_for_good_is_told_and_keeps_no_other_from_being_read(
    release: Release, store: FaultyStore
) -> None:
    other = in_store("v22", release.variant)
    store.faults = [lambda request, ask: DENIED if "v1/a.txt" in request.path else None]
    assert reread_due(NOW + 90 * DAY) == 6
    first, second = StoreCheck.objects.order_by("pk")
    assert (second.release, second.damages) == (other, [])
    problem = "cannot be read, as the store refuses it (AccessDenied)"
    assert first.damages == [{"path": "a.txt", "problem": problem}]
    assert check_store(release, NOW + 91 * DAY).damages == first.damages
    assert told() == ["olga", "otto"]


def test_a_store_that_refuses_everything_frightens_nobody(release: Release, store: FaultyStore) -> None:
    store.faults = [lambda request, ask: DENIED]
    assert reread_due(NOW + 90 * DAY) == 0
    with pytest.raises(StoreUnavailableError, match="AccessDenied"):
        check_store(release, NOW + 90 * DAY)
    assert not StoreCheck.objects.exists()
    assert told() == []


def test_a_store_without_the_bucket_frightens_nobody(release: Release, settings: Settings) -> None:
    settings.S3_WEIGHTS_BUCKET = "nowhere"
    with pytest.raises(StoreUnavailableError, match="NoSuchBucket"):
        check_store(release, NOW)
    assert told() == []


def test_a_full_check_takes_the_place_of_a_reading_under_way(release: Release, store: FaultyStore) -> None:
    damage(release, "a.txt")
    store.faults = [lambda request, ask: UNAVAILABLE if "b.bin" in request.path else None]
    reread_due(NOW + 90 * DAY)
    store.faults = []
    mend(release, "a.txt")
    assert check_store(release, NOW + 90 * DAY).damages == []
    assert reread_due(NOW + 90 * DAY) == 0
    damage(release, "a.txt")
    check_store(release, NOW + 91 * DAY)
    assert len(told()) == 4


def test_what_was_withdrawn_is_not_read_again(release: Release) -> None:
    Release.objects.update(state="withdrawn", withdrawn_reason="x", withdrawn_at=NOW)
    assert reread_due(NOW + 90 * DAY) == 0


def test_the_command_reads_one_release_or_all_of_them(release: Release, capsys: pytest.CaptureFixture[str]) -> None:
    other = in_store("v22", release.variant)
    name = f"{release.variant.family.slug}/{release.variant.slug}"
    call_command("release", "verify-store", name, "v1")
    assert StoreCheck.objects.get().release == release
    damage(other, "c.txt")
    with pytest.raises(CommandError, match="1 files"):
        call_command("release", "verify-store", "--all")
    printed = capsys.readouterr().err
    assert "v22: c.txt has 5 bytes" in printed
    assert "manage.py release repair toy/1m v22 FOLDER puts them back" in printed
    assert StoreCheck.objects.count() == 3


@pytest.mark.parametrize("names", [[], ["toy/1m"], ["toy/1m", "v1", "--all"]])
def test_the_command_wants_one_release_or_all(names: list[str]) -> None:
    with pytest.raises(CommandError, match="--all"):
        call_command("release", "verify-store", *names)
