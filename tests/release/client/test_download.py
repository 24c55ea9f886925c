"""Downloads from a store and over a network that do what such things do."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from release.client.errors import AccessError, ClientError, DamagedError, NetworkError, RefusedError
from release.client.folder import ReleaseFolder
from release.client.selection import Wanted
from release.client.transfer import Pace
from tests.release.client.conftest import BLOCK, Runs, on_its_way_to_its_place
from tests.release.client.servers import Servers

LARGE = "consolidated.00.pth"


def test_every_byte_arrives_in_metas_layout_and_is_reported(fetch: Runs, servers: Servers) -> None:
    outcome = fetch()
    assert fetch.is_complete()
    assert set(outcome.fetched) == set(servers.portal.reports()) - {"model.safetensors"}
    assert set(servers.portal.reports().values()) == {"verified"}
    assert (fetch.folder / "tokenizer.model").read_bytes() == fetch.content("tokenizer.model")
    assert not (fetch.root / "model.safetensors").exists()


def test_a_second_run_fetches_nothing(fetch: Runs, servers: Servers) -> None:
    fetch()
    before = len(servers.store.requests)
    assert fetch().fetched == ()
    assert len(servers.store.requests) == before


def test_ranges_of_one_file_come_over_several_connections(fetch: Runs, servers: Servers) -> None:
    fetch()
    ranges = [(start, stop) for path, start, stop in servers.store.requests if path == LARGE]
    assert len(ranges) > 10
    assert servers.store.fetched(LARGE) == len(servers.portal.published.files[LARGE])


def test_the_store_never_sees_the_token(fetch: Runs, servers: Servers) -> None:
    fetch()
    assert servers.store.tokens_seen == []
    assert servers.portal.agents == {"gatehouse/0.1.0"}


def test_links_that_end_on_the_way_are_asked_for_anew(fetch: Runs, servers: Servers) -> None:
    servers.store.ends_links_after = 3
    fetch()
    assert fetch.is_complete()
    assert len(servers.portal.minted()) > 5


def test_a_store_that_refuses_fresh_links_ends_the_run(fetch: Runs, servers: Servers) -> None:
    servers.store.refuses_links = True
    with pytest.raises(NetworkError) as refused:
        fetch()
    assert refused.value.code == "link_refused"
    assert len(servers.portal.minted()) < 40


def test_a_grant_that_ends_on_the_way_says_so_and_keeps_what_came(fetch: Runs, servers: Servers) -> None:
    problem = b'{"code": "grant_expired", "title": "Your access has ended.", "remedy_path": "/grants/"}'
    servers.store.ends_links_after = 4
    links = "/portal/v1/releases/llama/7b/v1/links"
    servers.store.on_sent = lambda total: servers.portal.answers.update(
        {links: (403, "application/problem+json", problem, {})}
    )
    with pytest.raises(AccessError) as refused:
        fetch()
    assert (refused.value.code, refused.value.link) == ("grant_expired", servers.url + "/grants/")
    servers.store.on_sent = lambda total: None
    servers.portal.answers.clear()
    before = servers.store.fetched(LARGE)
    servers.store.ends_links_after = None
    fetch()
    assert fetch.is_complete()
    assert servers.store.fetched(LARGE) < before + len(servers.portal.published.files[LARGE])


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
def test_a_store_in_trouble_is_asked_again(fetch: Runs, servers: Servers, status: int) -> None:
    servers.store.failures.extend([status] * 30)
    fetch()
    assert fetch.is_complete()


def test_connections_cut_anywhere_lose_no_byte_that_came(fetch: Runs, servers: Servers) -> None:
    servers.store.cuts.extend([0, 1, 17, BLOCK - 1, BLOCK // 2, 5, 60_000] * 4)
    fetch()
    assert fetch.is_complete()
    asked = servers.store.fetched(LARGE)
    assert asked < 2 * len(servers.portal.published.files[LARGE])


def test_patience_ends_when_nothing_arrives(fetch: Runs, servers: Servers) -> None:
    servers.store.failures.extend([503] * 10_000)
    with pytest.raises(NetworkError) as ended:
        fetch(pace=Pace(2, BLOCK, patience_seconds=0.05, first_pause_seconds=0.001))
    assert ended.value.code == "store_trouble"
    assert "run the same command again" in ended.value.remedy


def test_a_portal_in_trouble_between_two_links_is_asked_again(fetch: Runs, servers: Servers) -> None:
    path = "/portal/v1/releases/llama/7b/v1/links"
    servers.portal.once[path] = deque([(502, "text/html", b"<h1>Bad gateway</h1>", {})] * 3)
    fetch()
    assert fetch.is_complete()


def test_a_byte_flipped_on_the_way_is_found_and_the_file_fetched_again(fetch: Runs, servers: Servers) -> None:
    servers.store.flips[LARGE] = 1
    fetch()
    assert fetch.is_complete()


def test_a_store_that_holds_something_else_is_found_out_and_reported(fetch: Runs, servers: Servers) -> None:
    servers.store.contents["params.json"] = b'{"dim": 65}'
    with pytest.raises(DamagedError, match=r"params\.json"):
        fetch()
    assert not (fetch.root / "params.json").exists()
    assert servers.portal.reports()["params.json"] == "damaged"
    assert servers.portal.reports()[LARGE] == "verified"


def test_a_store_that_lies_about_a_size_is_believed_in_nothing(fetch: Runs, servers: Servers) -> None:
    servers.store.lies[LARGE] = 10**12
    with pytest.raises(DamagedError) as refused:
        fetch()
    assert refused.value.code == "store_size_differs"
    assert servers.portal.reports()[LARGE] == "damaged"
    assert not (fetch.root / LARGE).exists()


def test_a_store_that_ignores_ranges_is_told_of_as_it_is(fetch: Runs, servers: Servers) -> None:
    servers.store.ignores_ranges = True
    with pytest.raises(NetworkError) as refused:
        fetch()
    assert refused.value.code == "store_unusable"


def test_another_etag_is_told_and_the_hash_decides(fetch: Runs, servers: Servers, notices: Callable[[], str]) -> None:
    servers.store.on_sent = lambda total: servers.store.etags.update({LARGE: '"other"'} if total > 9 * BLOCK else {})
    fetch()
    assert fetch.is_complete()
    assert "its hash will tell" in notices()


def test_one_damaged_block_costs_one_block(fetch: Runs, servers: Servers) -> None:
    fetch()
    damaged = bytearray(fetch.content(LARGE))
    damaged[5 * BLOCK + 3] ^= 1
    (fetch.root / LARGE).write_bytes(damaged)
    before = servers.store.fetched(LARGE)
    assert fetch().fetched == (LARGE,)
    assert fetch.is_complete()
    assert servers.store.fetched(LARGE) - before == BLOCK


@pytest.mark.parametrize("length", [0, 1, BLOCK, 40 * BLOCK + 16, 40 * BLOCK + 18, 50 * BLOCK])
def test_a_file_of_another_length_is_mended(fetch: Runs, length: int) -> None:
    fetch()
    content = fetch.content(LARGE)
    (fetch.root / LARGE).write_bytes((content + b"x" * 20 * BLOCK)[:length])
    fetch()
    assert fetch.is_complete()


def test_bytes_of_an_earlier_run_are_checked_before_they_count(fetch: Runs, servers: Servers) -> None:
    _interrupt_after(fetch, servers, 20 * BLOCK)
    for partial in (fetch.root / ".gatehouse/partial").iterdir():
        if not partial.suffix:
            with partial.open("r+b") as file:
                file.write(b"\0" * 10)
    fetch()
    assert fetch.is_complete()


@pytest.mark.parametrize(
    "junk", [b"", b"\xff\xfe", b"{}\n", b'{"format": "gatehouse-blocks/1"}\n0 00000000\n', b"x" * 9]
)
def test_a_journal_that_is_none_costs_time_and_nothing_else(fetch: Runs, servers: Servers, junk: bytes) -> None:
    _interrupt_after(fetch, servers, 20 * BLOCK)
    for journal in (fetch.root / ".gatehouse/partial").glob("*.journal"):
        journal.write_bytes(junk)
    fetch()
    assert fetch.is_complete()


def test_a_journal_that_claims_what_never_came_is_not_believed(fetch: Runs, servers: Servers) -> None:
    _interrupt_after(fetch, servers, 20 * BLOCK)
    for journal in (fetch.root / ".gatehouse/partial").glob("*.journal"):
        with journal.open("ab") as file:
            file.writelines(b"%d 00000000\n" % block for block in range(50))
    fetch()
    assert fetch.is_complete()


def _interrupt_after(fetch: Runs, servers: Servers, count: int) -> None:
    """The portal refuses and the store ends its links once so much was sent: a run that is cut in the middle."""
    links = "/portal/v1/releases/llama/7b/v1/links"

    def end(total: int) -> None:
        if total > count:
            servers.store.refuses_links = True
            servers.portal.answers[links] = (403, "application/problem+json", b'{"code": "grant_suspended"}', {})

    servers.store.on_sent = end
    with pytest.raises(AccessError):
        fetch()
    servers.store.on_sent = lambda total: None
    servers.store.refuses_links = False
    servers.portal.answers.clear()


def test_two_runs_in_one_folder_are_refused(fetch: Runs, servers: Servers) -> None:
    folder = ReleaseFolder(fetch.root)
    folder.prepare()
    with folder.alone(), pytest.raises(RefusedError) as refused:
        fetch()
    assert refused.value.code == "folder_busy"
    fetch()
    assert fetch.is_complete()


def test_a_link_in_the_folder_leads_nowhere_outside(fetch: Runs, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    fetch.root.mkdir(parents=True)
    (fetch.root / "docs").symlink_to(outside)
    with pytest.raises(RefusedError) as refused:
        fetch()
    assert refused.value.code == "folder_has_link"
    assert list(outside.iterdir()) == []


def test_a_link_in_place_of_a_file_is_replaced_not_followed(fetch: Runs, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    fetch.root.mkdir(parents=True)
    (fetch.root / "params.json").symlink_to(victim)
    fetch()
    assert fetch.is_complete()
    assert victim.read_bytes() == b"precious"
    assert not (fetch.root / "params.json").is_symlink()


def test_a_record_that_is_a_link_is_refused(fetch: Runs, tmp_path: Path) -> None:
    fetch.root.mkdir(parents=True)
    (fetch.root / ".gatehouse").symlink_to(tmp_path)
    with pytest.raises(RefusedError):
        fetch()


def test_a_folder_of_another_model_is_left_alone(fetch: Runs) -> None:
    folder = ReleaseFolder(fetch.root)
    folder.prepare()
    folder.note({"model_id": "llama-13b"})
    with pytest.raises(RefusedError) as refused:
        fetch()
    assert refused.value.code == "folder_of_another_model"


def test_another_tokenizer_beside_the_size_is_left_as_it_is(fetch: Runs, notices: Callable[[], str]) -> None:
    fetch.folder.mkdir()
    (fetch.folder / "tokenizer.model").write_bytes(b"mine")
    fetch()
    assert (fetch.folder / "tokenizer.model").read_bytes() == b"mine"
    assert "another tokenizer" in notices()


def test_a_server_that_cannot_be_told_does_not_stop_a_download(
    fetch: Runs, servers: Servers, notices: Callable[[], str]
) -> None:
    path = "/portal/v1/releases/llama/7b/v1/reports"
    servers.portal.answers[path] = (500, "text/html", b"<h1>Oops</h1>", {})
    fetch()
    assert fetch.is_complete()
    assert "could not be told" in notices()
    servers.portal.answers.clear()
    fetch()
    assert servers.portal.reports()[LARGE] == "verified"


@pytest.mark.parametrize(
    ("access", "facts", "code"),
    [
        ({"allowed": False, "code": "no_grant", "explanation": "You have no grant."}, {}, "no_grant"),
        ({}, {}, "refused"),
        ({"allowed": True}, {"withdrawn": {"reason": "It was leaked."}}, "release_withdrawn"),
    ],
)
def test_who_may_not_have_it_is_told_before_the_folder_is_touched(
    fetch: Runs, servers: Servers, access: dict[str, Any], facts: dict[str, Any], code: str
) -> None:
    servers.portal.access, servers.portal.facts = access, facts
    with pytest.raises(AccessError) as refused:
        fetch()
    assert refused.value.code == code
    assert not fetch.folder.exists()


@pytest.mark.parametrize("layout", ["hf", "all"])
def test_other_layouts_lie_in_the_folder_itself(fetch: Runs, servers: Servers, layout: str) -> None:
    fetch(layout=Wanted(layout))
    assert (fetch.folder / "model.safetensors").read_bytes() == servers.portal.published.files["model.safetensors"]
    assert (fetch.folder / LARGE).exists() == (layout == "all")


def test_patterns_choose_files(fetch: Runs) -> None:
    assert set(fetch(include=("*.json", "docs/*"), exclude=("params.json",)).fetched) == {"docs/use policy.txt"}
    with pytest.raises(ClientError) as refused:
        fetch(include=("*.zip",))
    assert refused.value.code == "nothing_chosen"


def test_a_file_whose_run_was_killed_on_the_way_to_its_place_is_not_fetched_again(
    fetch: Runs, servers: Servers
) -> None:
    fetch()
    on_its_way_to_its_place(fetch, LARGE)
    (fetch.root / ".gatehouse/reported").unlink()
    servers.store.requests.clear()
    servers.portal.asked.clear()
    fetch()
    assert fetch.is_complete()
    assert LARGE not in {path for path, _, _ in servers.store.requests}
    assert servers.portal.reports()[LARGE] == "verified"
