"""`manage.py release`: each verb, who gives it, what it prints and with which status it ends."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from joserfc.jwk import OKPKey
from pytest_django import Settings

from access_portal.receipts.keys import read_private_key
from release.errors import StoreUnavailableError
from release.management.refusing import refusal
from release.models import Artifact
from release.publisher_keys import published_keys
from release.publishing import publish_release
from release.storage import weights_store
from tests.factories import make_release, make_user
from tests.release.publishing.scenes import damage, events, fetched, fresh, manager, published, staged, verified

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("s3_server")]
Printed = pytest.CaptureFixture[str]


def test_the_way_through_an_embargo_to_the_end(capsys: Printed) -> None:
    release = staged()
    manager()
    for verb, *rest in (
        ["verify"],
        ["schedule", f"{timezone.now().year + 1}-01-01T09:00+08:00"],
        ["unschedule"],
        ["publish"],
        ["deprecate", "--reason", "Slow."],
        ["withdraw", "--reason", "Wrong."],
    ):
        call_command("release", verb, "toy/1m", "v1", *rest, "--as", "olga")
    assert events(release)[:4] == ["release_verified", "release_scheduled", "release_unscheduled", "release_published"]
    found = fresh(release)
    assert (found.verified_by, found.published_by, found.state) == (manager(), manager(), "withdrawn")
    assert "01:00 UTC" in capsys.readouterr().out


def test_with_two_people_the_command_line_has_to_say_who_it_is(settings: Settings) -> None:
    settings.RELEASE_TWO_PEOPLE = True
    release = verified()
    manager()
    make_user("cy")
    for who, words in (
        ([], "Add --as"),
        (["--as", "sten"], "take two people here: whoever staged"),
        (["--as", "cy"], "staff"),
        (["--as", "nobody"], "Nobody here has the user name"),
    ):
        with pytest.raises(CommandError, match=words):
            call_command("release", "publish", "toy/1m", "v1", *who)
    call_command("release", "publish", "toy/1m", "v1", "--as", "olga")
    assert fresh(release).published_by == manager()


@pytest.mark.parametrize("moment", ["tomorrow", "2026-13-01T00:00Z", "", "2026-11-30", "2999-01-01T00:00"])
def test_what_is_no_moment_is_a_sentence(moment: str) -> None:
    verified()
    with pytest.raises(CommandError, match=r"is no moment|Say in which time zone"):
        call_command("release", "schedule", "toy/1m", "v1", moment)


def test_a_store_that_does_not_answer_has_a_status_of_its_own(settings: Settings) -> None:
    staged()
    settings.S3_SECRET_KEY = "wrong"
    with pytest.raises(CommandError) as failed:
        call_command("release", "verify", "toy/1m", "v1")
    assert failed.value.returncode == 3


def test_what_the_store_said_is_told_to_the_operator_with_the_file_it_was_about(settings: Settings) -> None:
    release = staged()
    settings.S3_ACCESS_KEY = "nobody"
    with pytest.raises(CommandError, match=r"It said: \w+") as failed:
        call_command("release", "verify", "toy/1m", "v1")
    words = str(failed.value)
    assert release.artifacts.get().storage_key in words
    assert "Trying again does not help" in words


def test_a_store_that_is_away_may_be_tried_again(settings: Settings) -> None:
    staged()
    settings.STORE_RETRY_SECONDS = []
    settings.S3_ENDPOINT_URL = "http://127.0.0.1:1"
    with pytest.raises(CommandError, match=r"It said: EndpointConnectionError.*Try again in a minute"):
        call_command("release", "verify", "toy/1m", "v1")


def test_what_a_store_says_cannot_steer_the_terminal_that_shows_it() -> None:
    words = str(refusal(StoreUnavailableError("\x9b2J\x1b[2JDenied", key="toy/\x1b[2J")))
    assert words.isprintable()
    assert "Denied" in words


def test_damage_has_status_one(capsys: Printed) -> None:
    damage(staged())
    with pytest.raises(CommandError, match=r"params\.json") as failed:
        call_command("release", "verify", "toy/1m", "v1")
    assert failed.value.returncode == 1


def test_a_new_key_signs_and_the_public_ones_are_what_the_old_ones_are_set_to(
    capsys: Printed, settings: Settings
) -> None:
    call_command("release", "public")
    old = capsys.readouterr().out
    call_command("release", "key")
    settings.RELEASE_KEY = read_private_key(capsys.readouterr().out, "X")
    assert json.loads(old)["keys"] != published_keys()["keys"]
    settings.RELEASE_OLD_KEYS = [OKPKey.import_key(row) for row in json.loads(old)["keys"]]
    assert json.loads(old)["keys"][0] in published_keys()["keys"]


def test_diff_names_files_licence_and_parameters(capsys: Printed) -> None:
    before = published()
    after = staged(before.variant, "v2")
    Artifact.objects.create(
        release=after, path="new.txt", size_bytes=5, sha256="5" * 64, md5="5" * 32, storage_key="new.txt"
    )
    weights_store().put_bytes("v2/params.json", b'{"dim": 128}')
    Artifact.objects.filter(release=after, path="params.json").update(
        sha256="6" * 64, size_bytes=12, storage_key="v2/params.json"
    )
    call_command("release", "diff", "toy/1m", "v1", "v2")
    printed = capsys.readouterr().out
    assert "added       new.txt  5 bytes" in printed
    assert "changed     params.json  2 -> 12 bytes" in printed
    assert "parameter   params.json: dim  none -> 128" in printed


def test_the_words_of_a_parameter_file_cannot_steer_the_terminal_that_shows_them(capsys: Printed) -> None:
    before = published()
    after = staged(before.variant, "v2")
    content = json.dumps({"\x1b[2Jdim\u202e\nthe same    9 files": "\x1b[2J\x7f"}).encode()
    weights_store().put_bytes("v2/params.json", content)
    Artifact.objects.filter(release=after, path="params.json").update(
        sha256="6" * 64, size_bytes=len(content), storage_key="v2/params.json"
    )
    call_command("release", "diff", "toy/1m", "v1", "v2")
    lines = capsys.readouterr().out.splitlines()
    assert all(line.isprintable() for line in lines)
    assert any("[2Jdim" in line for line in lines)
    assert "the same    9 files" not in lines


def test_show_and_drill_tell_what_there_is(capsys: Printed) -> None:
    release = published()
    fetched(release, "ada")
    call_command("release", "show", "toy/1m", "v1")
    call_command("release", "drill", "toy/1m", "v1")
    printed = capsys.readouterr().out
    for words in ("Signature:   valid", release.commit, "Published, by Olga Example", "told         1 people", "ada"):
        assert words in printed
    assert fresh(release).state == "published"


def test_what_was_published_unsigned_is_shown_so_and_signed(capsys: Printed) -> None:
    make_release()
    call_command("release", "show", "toy/1m", "v1")
    assert "`release sign` makes one" in capsys.readouterr().out
    call_command("release", "sign", "toy/1m", "v1")
    with pytest.raises(CommandError, match="signed already"):
        call_command("release", "sign", "toy/1m", "v1")


def test_a_successor_of_another_size_is_named_with_its_model() -> None:
    old = published()
    new = publish_release(release=verified(version="v2", variant=old.variant), actor=None, now=timezone.now())
    call_command("release", "deprecate", "toy/1m", "v1", "--reason", "Slow.", "--use", "toy/1m@v2")
    assert fresh(old).successor == new
