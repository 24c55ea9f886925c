"""Staging, publishing, withdrawing, against a real store."""

import shutil
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, OperationalError, connection, transaction
from django.utils import timezone

from access_portal.accounts.models import Role
from access_portal.audit.commands import first_broken
from access_portal.audit.models import Event
from access_portal.errors import GatehouseError, InvalidError, PermissionRefusedError
from access_portal.outbox.models import OutboxMail
from release.client import manifest
from release.delivery import Link, mint
from release.errors import ReleaseFilesError, ReleaseStateError
from release.models import Artifact, Mint, Release, Variant
from release.publishing import publish_release, withdraw_release
from release.staging import stage_release
from release.storage import weights_store
from tests.factories import make_grant, make_licence_version, make_release, make_user
from tests.release.conftest import NOW

Stage = Callable[..., Release]
FILES = ["checklist.chk", "consolidated.00.pth", "params.json", "tokenizer.model"]


def _damage(release: Release, path: str = "consolidated.00.pth") -> None:
    key = release.artifacts.get(path=path).storage_key
    content = bytearray(weights_store().read(key))
    content[len(content) // 3] ^= 1
    weights_store().put_bytes(key, bytes(content))


def test_what_is_staged_is_in_the_store_and_not_yet_public(stage: Stage, folder: Path) -> None:
    release = stage()
    assert release.state == "staged"
    assert [artifact.path for artifact in release.artifacts.all()] == FILES
    for artifact in release.artifacts.all():
        assert weights_store().read(artifact.storage_key) == (folder / artifact.path).read_bytes()


def test_publishing_makes_the_manifest_of_exactly_these_files(stage: Stage, folder: Path) -> None:
    release = publish_release(release=stage(), actor=None, now=NOW)
    read = manifest.decode(release.manifest.encode())
    assert list(manifest.differences(read, folder)) == []
    assert (read.model, read.version, len(read.files)) == ("toy-1m", "v1", 4)
    assert release.commit == release.manifest_sha256[:40] == manifest.commit(release.manifest.encode())
    names = [event.name for event in Event.objects.filter(subject="release:toy-1m@v1")]
    assert names == ["release_staged", "release_published"]


def test_staging_again_sends_only_what_is_missing_or_damaged(stage: Stage, folder: Path) -> None:
    _damage(stage())
    passed: Counter[str] = Counter()
    release = stage(progress=lambda path, size_bytes: passed.update({path: size_bytes}))
    for artifact in release.artifacts.all():  # each is read from the store once; what is sent passes once more
        times = 2 if artifact.path == "consolidated.00.pth" else 1
        assert passed[artifact.path] == times * artifact.size_bytes
    key = release.artifacts.get(path="consolidated.00.pth").storage_key
    assert weights_store().read(key) == (folder / "consolidated.00.pth").read_bytes()


def test_staging_other_files_replaces_those_staged_before(stage: Stage, folder: Path, tmp_path: Path) -> None:
    stage()
    other = shutil.copytree(folder, tmp_path / "other")
    (other / "README.md").write_text("Read me.")
    release = stage(source=other)
    assert release.artifacts.filter(path="README.md").exists()
    assert release.artifacts.count() == 5


def test_what_lies_beside_the_folder_of_the_weights_is_checked_too(stage: Stage, folder: Path, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    shutil.copytree(folder, outer / "7B")
    (outer / "7B" / "checklist.chk").unlink()
    (outer / "7B" / "tokenizer.model").rename(outer / "tokenizer.model")
    (outer / "pytorch_model.bin").write_bytes(b"anything")
    with pytest.raises(ReleaseFilesError, match="can carry code") as refused:
        stage(source=outer)
    assert refused.value.path == "pytorch_model.bin"


def test_a_published_version_is_never_staged_or_published_again(stage: Stage) -> None:
    release = publish_release(release=stage(), actor=None, now=NOW)
    for again in (stage, lambda: publish_release(release=release, actor=None, now=NOW)):
        with pytest.raises(ReleaseStateError) as refused:
            again()
        assert refused.value.code == "release_final"


def test_a_stale_copy_of_the_row_cannot_publish_twice(stage: Stage) -> None:
    first = stage()
    second = Release.objects.get(pk=first.pk)
    publish_release(release=first, actor=None, now=NOW)
    with pytest.raises(ReleaseStateError):
        publish_release(release=second, actor=None, now=NOW)
    assert Event.objects.filter(name="release_published").count() == 1


def test_one_flipped_bit_in_the_store_stops_publication_and_is_named(stage: Stage) -> None:
    release = stage()
    _damage(release, "tokenizer.model")
    with pytest.raises(ReleaseFilesError, match=r"tokenizer\.model has SHA-256"):
        publish_release(release=release, actor=None, now=NOW)
    release.refresh_from_db()
    assert release.state == "staged"


def test_a_release_under_a_replaced_licence_text_is_not_published(stage: Stage) -> None:
    release = stage()
    make_licence_version(release.licence_version.licence, "2.0", "Be better.")
    with pytest.raises(ReleaseStateError, match="replaced"):
        publish_release(release=release, actor=None, now=NOW)


@pytest.mark.parametrize(
    "version",
    ["", "main", "latest", "refs", "V1", "v1/2", "../v1", "v" * 21, "a" * 40, "v1\n", "v 1", ".v1"],
)
def test_versions_that_no_client_could_name_are_refused(stage: Stage, version: str) -> None:
    with pytest.raises(ReleaseFilesError) as refused:
        stage(version)
    assert refused.value.code == "version_unfit"
    assert not Release.objects.exists()


def test_weights_of_another_size_are_refused_by_the_number_that_differs(stage: Stage, variant: Variant) -> None:
    Variant.objects.filter(pk=variant.pk).update(n_layers=3)
    variant.refresh_from_db()
    with pytest.raises(ReleaseFilesError, match="n_layers is 2 instead of 3"):
        stage()
    assert not Release.objects.exists()


def _with_link(folder: Path) -> None:
    (folder / "more").symlink_to("/etc/passwd")


def _with_linked_folder(folder: Path) -> None:
    (folder / "more").symlink_to("/etc")


def _with_hidden(folder: Path) -> None:
    (folder / ".netrc").write_text("secret")


def _with_second_params(folder: Path) -> None:
    (folder / "copy").mkdir()
    (folder / "copy" / "params.json").write_text("{}")


def _without_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.model").unlink()


def _empty(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


@pytest.mark.parametrize(
    "change", [_with_link, _with_linked_folder, _with_hidden, _with_second_params, _without_tokenizer, _empty]
)
def test_folders_with_links_hidden_or_missing_files_are_refused_before_anything_is_stored(
    stage: Stage, folder: Path, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    other = shutil.copytree(folder, tmp_path / "other")
    change(other)
    with pytest.raises(ReleaseFilesError):
        stage(source=other)
    assert not Release.objects.exists()


def test_a_folder_that_is_not_there_is_a_sentence(stage: Stage, tmp_path: Path) -> None:
    with pytest.raises(ReleaseFilesError, match="There is no folder"):
        stage(source=tmp_path / "none")


def test_only_release_managers_stage_publish_and_withdraw(stage: Stage, variant: Variant, folder: Path) -> None:
    release = stage()
    ben = make_user("ben", Role.REVIEWER, Role.DECIDER, Role.OPERATOR)
    licence_version = release.licence_version
    for act in (
        lambda: stage_release(
            variant=variant, version="v2", folder=folder, licence_version=licence_version, actor=ben, now=NOW
        ),
        lambda: publish_release(release=release, actor=ben, now=NOW),
        lambda: withdraw_release(release=release, reason="x", actor=ben, now=NOW),
    ):
        with pytest.raises(PermissionRefusedError):
            act()
    olga = make_user("olga", Role.RELEASE_MANAGER)
    assert publish_release(release=release, actor=olga, now=NOW).published_by == olga


def test_withdrawing_keeps_the_record_and_tells_those_who_downloaded(db: None) -> None:
    release, ada = make_release(), make_user("ada")
    artifact = release.artifacts.get()
    Mint.objects.create(
        artifact=artifact, user=ada, grant=make_grant(ada, release.variant.family), minted_at=NOW, expires_at=NOW
    )
    withdrawn = withdraw_release(release=release, reason="Wrong <tokenizer> & weights.", actor=None, now=NOW)
    assert (withdrawn.state, withdrawn.withdrawn_reason) == ("withdrawn", "Wrong <tokenizer> & weights.")
    mail = OutboxMail.objects.get()
    assert mail.user == ada
    assert "Wrong <tokenizer> & weights." in mail.body
    with pytest.raises(ReleaseStateError):
        withdraw_release(release=release, reason="again", actor=None, now=NOW)


def test_withdrawing_needs_a_reason_and_something_published(db: None) -> None:
    with pytest.raises(InvalidError):
        withdraw_release(release=make_release(), reason=" ", actor=None, now=NOW)


@pytest.mark.parametrize("state", ["published", "withdrawn"])
def test_the_database_itself_keeps_what_was_published(db: None, state: str) -> None:
    release = make_release(state=state)
    artifact = release.artifacts.get()
    for act in (
        lambda: Release.objects.filter(pk=release.pk).update(commit="0" * 40),
        lambda: Release.objects.filter(pk=release.pk).update(manifest="{ }"),
        lambda: Release.objects.filter(pk=release.pk).update(state="staged"),
        lambda: Release.objects.filter(pk=release.pk)._raw_delete("default"),
        lambda: Artifact.objects.filter(pk=artifact.pk).update(sha256="0" * 64),
        lambda: Artifact.objects.filter(pk=artifact.pk)._raw_delete("default"),
        lambda: Artifact.objects.create(
            release=release, path="new", size_bytes=1, sha256="0" * 64, md5="0" * 32, storage_key="k"
        ),
    ):
        with pytest.raises(DatabaseError, match=r"is frozen|only goes forward"), transaction.atomic():
            act()


def test_a_withdrawn_release_never_comes_back(db: None) -> None:
    release = make_release(state="withdrawn")
    with pytest.raises(DatabaseError), transaction.atomic():
        Release.objects.filter(pk=release.pk).update(state="published")


def test_mints_stay_as_they_were_added(db: None) -> None:
    release, ada = make_release(), make_user("ada")
    grant = make_grant(ada, release.variant.family)
    mint = Mint.objects.create(artifact=release.artifacts.get(), user=ada, grant=grant, minted_at=NOW, expires_at=NOW)
    for act in (lambda: Mint.objects.filter(pk=mint.pk).update(address="10.0.0.1"), mint.delete):
        with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
            act()


def test_the_whole_life_of_a_release_on_the_command_line(
    variant: Variant, folder: Path, s3_server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("release", "stage", "toy/1m", "v1", str(folder), "--changelog", "First.")
    call_command("release", "publish", "toy/1m", "v1")
    call_command("release", "verify", "toy/1m", "v1")
    release = Release.objects.get()
    _damage(release, "params.json")
    with pytest.raises(CommandError, match=r"1 of 4 files .* manage.py release repair toy/1m v1 FOLDER"):
        call_command("release", "verify", "toy/1m", "v1")
    call_command("release", "withdraw", "toy/1m", "v1", "--reason", "Damaged.")
    call_command("release", "list")
    printed = capsys.readouterr()
    assert "all 4 files are whole" in printed.out
    assert "params.json has SHA-256" in printed.err
    assert f"toy/1m  v1  Withdrawn  {release.published_at:%Y-%m-%d}  {release.commit}" in printed.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["stage", "toy", "v1", "/tmp"], "FAMILY/VARIANT"),  # noqa: S108 - never read
        (["stage", "toy/9b", "v1", "/tmp"], "no model of this name"),  # noqa: S108
        (["publish", "toy/1m", "v9"], "no release 'v9'"),
        (["withdraw", "toy/1m", "v9", "--reason", "x"], "no release"),
        (["verify", "toy/../1m", "v1"], "no model of this name"),
        (["stage", "toy/1m", "v1", "/tmp", "--licence", "7"], "has no version 7"),  # noqa: S108
    ],
)
def test_mistakes_on_the_command_line_are_sentences(variant: Variant, arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("release", *arguments)


def _at_once(act: Callable[[], object]) -> list[object]:
    """What two threads get, each with a connection of its own, that begin together."""
    barrier = Barrier(2)

    def run(_: int) -> object:
        barrier.wait()
        try:
            return act()
        except GatehouseError as refused:
            return refused.code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(run, range(2)))


def test_of_two_who_publish_at_once_one_is_refused(transactional_db: None, request: pytest.FixtureRequest) -> None:
    staged = request.getfixturevalue("stage")()
    results = _at_once(lambda: publish_release(release=Release.objects.get(pk=staged.pk), actor=None, now=NOW).pk)
    assert sorted(results, key=str) == [staged.pk, "release_final"]
    assert Event.objects.filter(name="release_published").count() == 1


def test_a_withdrawal_waits_for_the_link_that_is_being_made(transactional_db: None) -> None:
    """Else somebody would have a link after the withdrawal and would not be told of it."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer")
    release, ada = make_release(), make_user("ada")
    make_grant(ada, release.variant.family)

    def withdraw() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        try:
            withdraw_release(release=Release.objects.get(pk=release.pk), reason="Broken.", actor=None, now=NOW)
        finally:
            connection.close()

    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        mint(actor=ada, release=release, path="params.json", address=None, user_agent="", now=timezone.now())
        with pytest.raises(OperationalError, match="lock timeout"):
            pool.submit(withdraw).result()


def test_two_links_asked_for_at_once_are_both_on_record(transactional_db: None) -> None:
    release, ada = make_release(), make_user("ada")
    grant = make_grant(ada, release.variant.family)
    asked = {"path": "params.json", "address": None, "user_agent": "", "now": timezone.now()}
    links = _at_once(lambda: mint(actor=ada, release=Release.objects.get(pk=release.pk), **asked))
    assert all(isinstance(link, Link) for link in links)
    assert Mint.objects.count() == 2
    assert first_broken(f"grant:{grant.number}") is None
