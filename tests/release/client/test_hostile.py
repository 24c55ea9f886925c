"""Servers, folders and terminals that mean harm: nothing outside is touched, and nobody is shown a trace."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from release.client import device, manifest, plan, shapes
from release.client.companion import TOKENIZER
from release.client.credentials import Credentials
from release.client.errors import ClientError, ManifestError, NetworkError, RefusedError, SignatureError
from release.client.folder import ReleaseFolder
from release.client.journal import FORMAT, claimed_bytes
from release.client.model_name import parse
from release.client.pins import Pins
from release.client.selection import Wanted
from release.client.session import Portal
from release.client.store import _where
from release.client.verify import verify
from tests.release.client.conftest import PACE, Runs
from tests.release.client.servers import TOKEN, Published, Servers

LARGE = "consolidated.00.pth"
FACTS = "/portal/v1/releases/llama/7b/latest"
LINKS = "/portal/v1/releases/llama/7b/v1/links"
JSON = "application/json"


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A folder of somebody, with a file in it that nobody may touch."""
    place = tmp_path / "elsewhere"
    place.mkdir()
    (place / "thesis.txt").write_bytes(b"precious")
    return place


@pytest.mark.parametrize("name", ["partial", "blocks"])
def test_a_record_that_leads_elsewhere_removes_nothing_there(fetch: Runs, victim: Path, name: str) -> None:
    (fetch.root / ".gatehouse").mkdir(parents=True)
    (fetch.root / ".gatehouse" / name).symlink_to(victim)
    with pytest.raises(ClientError) as refused:
        fetch()
    assert refused.value.code == "folder_has_link"
    assert [path.name for path in victim.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    "name", ["manifest.json.new", "keys.json.new", "download.json.new", "reported", "download.json"]
)
def test_a_link_laid_into_the_record_is_not_written_through(fetch: Runs, victim: Path, name: str) -> None:
    (fetch.root / ".gatehouse").mkdir(parents=True)
    (fetch.root / ".gatehouse" / name).symlink_to(victim / "thesis.txt")
    with suppress(RefusedError):
        fetch()
    assert (victim / "thesis.txt").read_bytes() == b"precious"


@pytest.mark.parametrize(
    "path", ["../../thesis.txt", "/thesis.txt", "a/../../b", ".gatehouse/lock", "C:thesis.txt", "a\\..\\b", "docs", "."]
)
def test_a_signed_manifest_whose_paths_play_tricks_writes_nothing(fetch: Runs, servers: Servers, path: str) -> None:
    old = servers.portal.published
    servers.portal.published = Published(old.files, old.layouts, key=old.key, paths={"params.json": path})
    with pytest.raises(ManifestError):
        fetch(layout=Wanted.ALL)
    assert not fetch.folder.exists()
    assert servers.portal.minted() == []


def test_a_file_that_has_a_second_name_elsewhere_is_replaced_and_not_written_into(fetch: Runs, victim: Path) -> None:
    fetch()
    (fetch.root / LARGE).unlink()
    (fetch.root / LARGE).hardlink_to(victim / "thesis.txt")
    fetch()
    assert fetch.is_complete()
    assert (victim / "thesis.txt").read_bytes() == b"precious"


def test_a_partial_file_that_has_a_second_name_elsewhere_is_begun_anew(
    fetch: Runs, servers: Servers, victim: Path
) -> None:
    folder = ReleaseFolder(fetch.root)
    folder.prepare()
    file = next(each for each in manifest.decode(servers.portal.published.manifest).files if each.path == LARGE)
    folder.partial(file).hardlink_to(victim / "thesis.txt")
    fetch()
    assert fetch.is_complete()
    assert (victim / "thesis.txt").read_bytes() == b"precious"


def test_a_tokenizer_that_rots_is_mended_in_both_places(fetch: Runs) -> None:
    fetch()
    with (fetch.root / TOKENIZER).open("r+b") as file:  # one file with two names
        file.write(b"rot")
    fetch()
    assert fetch.is_complete()
    assert (fetch.folder / TOKENIZER).read_bytes() == fetch.content(TOKENIZER)


def test_a_pipe_in_the_record_is_not_waited_for(fetch: Runs) -> None:
    fetch()
    (fetch.root / ".gatehouse/download.json").unlink()
    os.mkfifo(fetch.root / ".gatehouse/download.json")
    assert verify(fetch.root, fetch.pins, lambda event: None)[0].missing == ("config.json", "model.safetensors")


def test_a_disk_without_locks_is_no_other_run(fetch: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(handle: int, how: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", flock)
    fetch()
    assert fetch.is_complete()


def test_a_full_disk_is_told_also_when_the_manifest_meets_it(fetch: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    ReleaseFolder(fetch.root).prepare()
    move = Path.replace

    def refuse(path: Path, target: Path) -> Path:
        if path.name == "manifest.json.new":
            raise OSError(28, "No space left on device")
        return move(path, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(ClientError) as refused:
        fetch()
    assert refused.value.code == "no_space"


@pytest.mark.parametrize("block_bytes", [1, 4095])
def test_a_journal_of_tiny_blocks_fills_no_memory(fetch: Runs, servers: Servers, block_bytes: int) -> None:
    folder = ReleaseFolder(fetch.root)
    folder.prepare()
    file = next(each for each in manifest.decode(servers.portal.published.manifest).files if each.path == LARGE)
    head = {"format": FORMAT, "path": file.path, "size": file.size, "sha256": file.sha256, "block_bytes": block_bytes}
    journal = folder.partial(file).with_name(folder.partial(file).name + ".journal")
    journal.write_text(json.dumps(head) + "\n0 00000000\n")
    assert claimed_bytes(journal, file) == 0
    fetch()
    assert fetch.is_complete()


def test_a_size_that_no_disk_has_is_no_size() -> None:
    row = {"path": "a", "size": 2**63, "sha256": "0" * 64, "md5": "0" * 32, "layout": "any"}
    licence = {"slug": "s", "version": "1", "sha256": "0" * 64}
    content = {"format": manifest.FORMAT, "model": "m", "version": "v1", "licence": licence, "files": [row]}
    with pytest.raises(ManifestError, match="size"):
        manifest.decode(json.dumps(content).encode())


@pytest.mark.parametrize(
    "url",
    ["https://[x/y", "http://127.0.0.1:99999/a", "http://127.0.0.1/a b", "http:///a", "ftp://a/b", "http://a\n/b", 7],
)
def test_a_link_that_is_no_address_is_refused(fetch: Runs, servers: Servers, url: object) -> None:
    rows = [{"path": path, "url": url} for path in servers.portal.published.files]
    servers.portal.answers[LINKS] = (200, JSON, json.dumps({"links": rows}).encode(), {})
    with pytest.raises(NetworkError) as refused:
        fetch(pace=replace(PACE, patience_seconds=0), layout=Wanted.ALL)
    assert refused.value.code == "answer_unreadable"


@pytest.mark.parametrize(
    "facts",
    [{"manifest_url": "https://[x/y"}, {"version": "../../v1"}, {"version": 7}, {"manifest_url": None}, {"state": ""}],
)
def test_facts_of_another_shape_are_no_trace(fetch: Runs, servers: Servers, facts: dict[str, Any]) -> None:
    servers.portal.facts = facts
    with pytest.raises(ClientError):
        fetch()
    assert not fetch.folder.exists()


@pytest.mark.parametrize(
    "row", [7, {}, {"model": "a/b", "releases": 5}, {"model": "a/b", "releases": [5], "access": 1}]
)
def test_a_list_of_models_of_another_shape_is_no_trace(servers: Servers, row: object) -> None:
    servers.portal.answers["/portal/v1/models"] = (200, JSON, json.dumps({"data": [row]}).encode(), {})
    with Portal(servers.url) as portal, suppress(NetworkError):
        assert not shapes.models(portal)[0].access.allowed


def test_a_release_without_a_signature_is_told_as_what_it_is(fetch: Runs, servers: Servers) -> None:
    servers.portal.facts = {"signature_url": None}
    with pytest.raises(SignatureError, match="without a signature"):
        fetch()


@pytest.mark.parametrize("where", ["http://[", "//", "", "https://elsewhere.example/x", "/\xe2\x80\xae2J"])
def test_being_sent_elsewhere_is_told_and_not_done(servers: Servers, where: str) -> None:
    servers.portal.answers[FACTS] = (302, "text/html", b"", {"Location": where})
    with Portal(servers.url, TOKEN) as portal, pytest.raises(ClientError) as refused:
        shapes.release(portal, parse("llama/7b"))
    assert refused.value.code == "redirected"
    assert "\u202e" not in refused.value.explanation


@pytest.mark.parametrize("server", ["https://xn--", "https://a..b", "https://" + "a" * 300 + ".example"])
def test_a_name_that_no_server_can_have_is_no_trace(server: str) -> None:
    with pytest.raises(ClientError), Portal(server, wait=lambda seconds: None) as portal:
        portal.get("/portal/v1/models")


@pytest.mark.parametrize("proxy", ["nonsense://proxy", "socks5://127.0.0.1:9", "http://["])
def test_a_proxy_of_an_unknown_kind_is_told(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with (
        pytest.raises(NetworkError) as refused,
        Portal("https://gatehouse.invalid", wait=lambda seconds: None) as portal,
    ):
        portal.get("/portal/v1/models")
    assert "HTTPS_PROXY" in refused.value.remedy


@pytest.mark.parametrize("page", ["file:///etc/passwd", "javascript:alert(1)", "--new-window", "https://["])
def test_a_page_to_confirm_on_is_an_address(servers: Servers, page: str) -> None:
    codes = {"device_code": "d", "user_code": "U", "verification_uri": servers.url, "verification_uri_complete": page}
    servers.portal.answers["/portal/v1/device/codes"] = (200, JSON, json.dumps(codes).encode(), {})
    with Portal(servers.url) as portal, pytest.raises(NetworkError) as refused:
        device.ask(portal)
    assert refused.value.code == "answer_unreadable"


def test_a_code_that_is_good_for_ever_is_waited_for_an_hour(servers: Servers) -> None:
    codes = {
        "device_code": "d",
        "user_code": "U",
        "verification_uri": servers.url,
        "expires_in": 1e300,
        "interval": 1e300,
    }
    servers.portal.answers["/portal/v1/device/codes"] = (200, JSON, json.dumps(codes).encode(), {})
    with Portal(servers.url) as portal:
        asked = device.ask(portal)
    assert (asked.lifetime_seconds, asked.interval_seconds) == (3600, 60)


@pytest.mark.parametrize("told", ["bytes 0-9/" + "9" * 5000, "bytes 0-9/*", "bytes x"])
def test_a_range_of_another_shape_is_none(told: str) -> None:
    assert _where(206, {"content-range": told}) == (None, None)
    assert _where(200, {"content-length": "9" * 5000}) == (None, None)


def test_a_folder_that_names_its_own_keys_is_not_vouched_for(fetch: Runs, tmp_path: Path) -> None:
    fetch()
    assert verify(fetch.root, fetch.pins, lambda event: None)[0].is_vouched
    stranger = verify(fetch.root, Pins(tmp_path / "nobody"), lambda event: None)[0]
    assert (stranger.is_vouched, stranger.is_sound) == (False, True)
    keys = (fetch.root / ".gatehouse/keys.json").read_bytes()
    assert verify(fetch.root, Pins(tmp_path / "nobody"), lambda event: None, keys)[0].is_vouched


def test_a_note_that_leaves_everything_out_hides_nothing(fetch: Runs) -> None:
    fetch()
    ReleaseFolder(fetch.root).note({"layout": "meta", "exclude": ["*"]})
    (fetch.root / "params.json").unlink()
    assert verify(fetch.root, fetch.pins, lambda event: None)[0].missing == (
        "config.json",
        "model.safetensors",
        "params.json",
    )


@pytest.mark.parametrize("remember", [lambda folder, name: Pins(folder).keep(name, frozenset({"a"})),
                                      lambda folder, name: Credentials(folder, {}).keep(name, TOKEN)])  # fmt: skip
def test_what_two_runs_remember_at_once_is_remembered(tmp_path: Path, remember: Callable[[Path, str], object]) -> None:
    folder = tmp_path / "config"
    threads = [threading.Thread(target=remember, args=(folder, f"https://s{n}.example")) for n in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pins, credentials = Pins(folder), Credentials(folder, {})
    assert all(pins.of(f"https://s{n}.example") or credentials.token_for(f"https://s{n}.example") for n in range(24))


def test_fresh_links_that_the_store_refuses_are_told_at_once(fetch: Runs, servers: Servers) -> None:
    servers.store.refuses_links = True
    with pytest.raises(NetworkError) as refused:
        fetch(pace=replace(PACE, patience_seconds=10_000))
    assert refused.value.code == "link_refused"
    assert len(servers.store.uses) <= 4 * len(servers.portal.published.files)


def test_a_token_that_two_runs_forget_at_once_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    credentials = Credentials(tmp_path, {})
    credentials.keep("https://a.example", TOKEN)
    lock = fcntl.flock

    def other_comes_first(handle: int, how: int) -> None:
        monkeypatch.setattr("fcntl.flock", lock)
        assert credentials.forget("https://a.example")
        lock(handle, how)

    monkeypatch.setattr("fcntl.flock", other_comes_first)
    assert not credentials.forget("https://a.example")
    assert credentials.token_for("https://a.example") is None


def test_a_server_that_the_environment_names_needs_no_file(tmp_path: Path) -> None:
    (tmp_path / "credentials.json").write_bytes(b"{")
    assert Credentials(tmp_path, {"GATEHOUSE_SERVER": "https://a.example"}).default_server() == "https://a.example"


def test_a_network_that_fails_while_somebody_confirms_ends_no_login(servers: Servers) -> None:
    codes = {"device_code": "d", "user_code": "U", "verification_uri": servers.url, "interval": 1}
    servers.portal.answers["/portal/v1/device/codes"] = (200, JSON, json.dumps(codes).encode(), {})
    servers.portal.answers["/portal/v1/device/tokens"] = (200, JSON, b'{"access_token": "gh_1"}', {})
    pauses: list[float] = []
    with Portal(servers.url) as portal, Portal("http://127.0.0.1:1") as nothing:
        asked = device.ask(portal)
        send = portal.send

        def wait(seconds: float) -> None:
            pauses.append(seconds)
            portal.send = nothing.send if len(pauses) < 3 else send  # type: ignore[method-assign]

        assert device.await_token(portal, asked, wait=wait, clock=lambda: 0.0) == "gh_1"
    assert pauses == sorted(pauses)
    assert pauses[-1] > pauses[0]


def test_a_file_that_the_disk_has_lost_is_named(fetch: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch()
    chunks = plan.file_chunks

    def read(path: Path) -> Iterator[bytes]:
        if path.name == "params.json":
            raise OSError(errno.EIO, "Input/output error")
        return chunks(path)

    monkeypatch.setattr(plan, "file_chunks", read)
    with pytest.raises(RefusedError, match=r"7B/params\.json cannot be read: Input/output error"):
        verify(fetch.root, fetch.pins, lambda event: None)


@pytest.mark.parametrize("name", ["manifest.json", "manifest.jws"])
def test_one_byte_changed_in_what_vouches_for_a_folder_is_found_and_mended(fetch: Runs, name: str) -> None:
    fetch(include=("params.json",))
    place, luck = fetch.root / ".gatehouse" / name, random.Random(3)
    sound = place.read_bytes()
    for _ in range(150):
        changed, at = bytearray(sound), luck.randrange(len(sound))
        changed[at] ^= luck.randrange(1, 256)
        place.write_bytes(changed)
        with pytest.raises((SignatureError, ManifestError)):
            verify(fetch.root, fetch.pins, lambda event: None)
    fetch(include=("params.json",))
    assert place.read_bytes() == sound
