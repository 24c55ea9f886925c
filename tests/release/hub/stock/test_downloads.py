"""`hf_hub_download` and `snapshot_download` as they are installed: the bytes, the cache, and each refusal."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Max
from huggingface_hub import HfApi, hf_hub_download, hf_hub_url, snapshot_download
from huggingface_hub.errors import (
    DisabledRepoError,
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.file_download import get_hf_file_metadata
from huggingface_hub.utils._http import get_session

from release.models import Mint
from release.storage import weights_store
from tests.release.hub.stock.tiny_llama import POLICY
from tests.release.hub.stock.world import World

pytestmark = pytest.mark.service
TOY, OLD = "gatehouse/toy-1m", "gatehouse/old-1m"
Fetch = Callable[..., str]
Options = dict[str, Any]


@pytest.fixture
def fetch(world: World, tmp_path: Path) -> Fetch:
    """One file into a cache of its own."""

    def run(who: str | None, path: str, repo: str = TOY, **more: Any) -> str:
        token = world.tokens.get(who or "", who or False)
        options: Options = {"endpoint": world.endpoint, "cache_dir": tmp_path / "cache", **more}
        return str(hf_hub_download(repo, path, token=token, **options))

    return run


def made() -> int:
    """The newest link: what follows it was made by the test."""
    return Mint.objects.aggregate(newest=Max("pk"))["newest"] or 0


def links(since: int) -> list[str]:
    return sorted(Mint.objects.filter(pk__gt=since).values_list("artifact__path", flat=True))


@pytest.mark.parametrize("path", ["model.safetensors", "config.json", POLICY, "docs/deeper/note.txt", "README.md"])
@pytest.mark.parametrize("revision", ["main", "v1"])
def test_a_file_arrives_whole_from_each_revision(fetch: Fetch, world: World, path: str, revision: str) -> None:
    version = "v2" if revision == "main" else revision
    here = Path(fetch("ada", path, revision=revision))
    assert here.read_bytes() == (world.folder / f"toy-1m@{version}" / path).read_bytes()
    assert here.relative_to(here.parents[path.count("/") + 1]).parts[0] == world.commit(f"toy-1m@{version}")


def test_a_commit_stands_for_the_same_bytes_as_its_tag(fetch: Fetch, world: World) -> None:
    by_tag = Path(fetch("ada", "model.safetensors", revision="v1"))
    by_commit = Path(fetch("ada", "model.safetensors", revision=world.commit("toy-1m@v1")))
    assert by_tag == by_commit
    assert by_tag.resolve().name == world.releases["toy-1m@v1"].artifacts.get(path="model.safetensors").sha256


def test_the_cache_names_a_plain_file_as_git_does(fetch: Fetch, world: World) -> None:
    row = world.releases["toy-1m@v2"].artifacts.get(path="config.json")
    assert Path(fetch("ada", "config.json")).resolve().name == row.git_sha1


@pytest.mark.parametrize("path", ["model.safetensors", "config.json", "README.md"])
def test_metadata_of_a_file_is_what_the_release_says(world: World, path: str) -> None:
    url = hf_hub_url(TOY, path, endpoint=world.endpoint)
    metadata = get_hf_file_metadata(url, token=world.tokens["ada"], endpoint=world.endpoint)
    row = world.releases["toy-1m@v2"].artifacts.get(path=path)
    assert metadata.commit_hash == world.commit("toy-1m@v2")
    assert metadata.etag == (row.git_sha1 or row.sha256)
    assert metadata.size == row.size_bytes
    assert metadata.xet_file_data is None
    assert (metadata.location == url) == (path == "README.md")
    assert world.tokens["ada"] not in metadata.location


@pytest.mark.parametrize(("asked", "start", "stop"), [("bytes=100-", 100, None), ("bytes=3-9", 3, 10)])
def test_a_broken_download_is_taken_up_at_the_same_link(world: World, asked: str, start: int, stop: int | None) -> None:
    url = hf_hub_url(TOY, "model.safetensors", endpoint=world.endpoint)
    link = get_hf_file_metadata(url, token=world.tokens["ada"], endpoint=world.endpoint).location
    whole = (world.folder / "toy-1m@v2" / "model.safetensors").read_bytes()
    for _ in range(2):
        answer = get_session().get(link, headers={"Range": asked, "Accept-Encoding": "gzip, deflate"})
        assert (answer.status_code, answer.content) == (206, whole[start:stop])
        assert answer.headers["Content-Range"].endswith(f"/{len(whole)}")
        assert answer.headers["Content-Length"] == str(len(answer.content))
        assert "Content-Encoding" not in answer.headers


def test_a_snapshot_is_the_release_and_the_second_run_fetches_nothing(world: World, tmp_path: Path) -> None:
    options: Options = {"token": world.tokens["abe"], "endpoint": world.endpoint, "cache_dir": tmp_path}
    before = made()
    here = Path(snapshot_download(TOY, **options))
    source = world.folder / "toy-1m@v2"
    for row in world.releases["toy-1m@v2"].artifacts.all():
        assert (here / row.path).read_bytes() == (source / row.path).read_bytes()
    fetched = made()
    assert len(links(before)) == world.releases["toy-1m@v2"].artifacts.count() - 2  # the card and the licence are open
    assert snapshot_download(TOY, **options) == str(here)
    stamps = {path: path.stat().st_mtime_ns for path in here.rglob("*")}
    assert snapshot_download(TOY, revision=world.commit("toy-1m@v2"), **options) == str(here)
    assert {path: path.stat().st_mtime_ns for path in here.rglob("*")} == stamps
    assert set(links(fetched)) <= set(links(before))


def test_a_snapshot_of_some_files_asks_for_these_only(world: World, tmp_path: Path) -> None:
    before = made()
    options: Options = {"token": world.tokens["ada"], "endpoint": world.endpoint, "cache_dir": tmp_path}
    here = Path(snapshot_download(TOY, allow_patterns=["*.json"], ignore_patterns=["params.json"], **options))
    names = {"config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"}
    assert {path.name for path in here.iterdir()} == set(links(before)) == names


def test_a_folder_of_ones_own_is_compared_by_hash_and_not_fetched_twice(fetch: Fetch, tmp_path: Path) -> None:
    here = Path(fetch("ada", "model.safetensors", local_dir=tmp_path / "own"))
    stamp = here.stat().st_mtime_ns
    shutil.rmtree(tmp_path / "own" / ".cache")
    assert Path(fetch("ada", "model.safetensors", local_dir=tmp_path / "own")).stat().st_mtime_ns == stamp


def test_a_dry_run_makes_links_and_tells_sizes(world: World, tmp_path: Path) -> None:
    before = made()
    options: Options = {"token": world.tokens["ada"], "endpoint": world.endpoint, "cache_dir": tmp_path}
    plan = snapshot_download(TOY, dry_run=True, **options)
    sizes = dict(world.releases["toy-1m@v2"].artifacts.values_list("path", "size_bytes"))
    assert {each.filename: each.file_size for each in plan} == sizes
    assert all(each.commit_hash == world.commit("toy-1m@v2") for each in plan)
    assert set(links(before)) == set(sizes) - {"README.md", "LICENSE.txt"}
    assert not any(path.is_file() and path.parent.name == "blobs" for path in tmp_path.rglob("*"))


def test_each_link_is_on_record_as_made_for_a_hub_client(fetch: Fetch) -> None:
    before = made()
    fetch("ada", "config.json")
    made_now = Mint.objects.get(pk__gt=before)
    assert (made_now.via, made_now.user.username, made_now.address) == ("hub", "ada", "127.0.0.1")
    assert "hf_hub/" in made_now.user_agent


@pytest.mark.parametrize("path", ["README.md", "LICENSE.txt"])
@pytest.mark.parametrize("who", ["ben", None])
def test_the_card_and_the_licence_are_for_anybody(fetch: Fetch, world: World, who: str | None, path: str) -> None:
    assert Path(fetch(who, path)).read_bytes() == (world.folder / "toy-1m@v2" / path).read_bytes()


GATES = {
    "no token": (None, TOY, "/models/toy/1m/", "not signed in"),
    "no grant": ("ben", TOY, "/apply/toy/", "You have no licence"),
    "expired": ("cyd", TOY, "/grants/", "ended"),
    "suspended": ("dee", TOY, "/grants/", "Being looked into."),
    "licence superseded": ("eve", OLD, "/licences/", "current version"),
    "token for something else": ("fay", TOY, "/account/tokens/", "not made for downloads"),
}


@pytest.mark.parametrize(("who", "repo", "page", "words"), GATES.values(), ids=GATES)
def test_gated_names_the_reason_and_the_page_where_it_can_be_mended(
    fetch: Fetch, world: World, who: str | None, repo: str, page: str, words: str
) -> None:
    before = made()
    with pytest.raises(GatedRepoError) as refused:
        fetch(who, "config.json", repo)
    text = str(refused.value)
    assert refused.value.response.status_code == (403 if who else 401)
    assert words in text
    assert f"Visit {world.endpoint}{page}" in text
    assert links(before) == []
    address = text[text.index("Visit ") :].split()[1]
    assert get_session().get(address, follow_redirects=True).status_code == 200


@pytest.mark.parametrize(("who", "repo", "page", "words"), GATES.values(), ids=GATES)
def test_gated_snapshots_fail_in_the_same_words(
    world: World, tmp_path: Path, who: str | None, repo: str, page: str, words: str
) -> None:
    options: Options = {"token": world.tokens[who] if who else False, "endpoint": world.endpoint, "cache_dir": tmp_path}
    with pytest.raises(GatedRepoError) as refused:
        snapshot_download(repo, **options)
    assert words in str(refused.value)


def test_the_warning_names_the_page_too(world: World) -> None:
    url = hf_hub_url(TOY, "config.json", endpoint=world.endpoint)
    with pytest.raises(GatedRepoError) as refused:
        get_hf_file_metadata(url, token=world.tokens["ben"], endpoint=world.endpoint)
    topic, _, message = refused.value.response.headers["X-HF-Warning"].partition("; ")
    assert (topic, f"Apply for access at {world.endpoint}/apply/toy/" in message) == ("gated", True)


@pytest.mark.parametrize("revision", ["v3", "commit"])
@pytest.mark.parametrize("who", ["ada", "ben"])
def test_a_withdrawn_release_is_disabled_for_downloads(fetch: Fetch, world: World, who: str, revision: str) -> None:
    before = made()
    for path in ("config.json", "README.md"):
        with pytest.raises(LocalEntryNotFoundError) as refused:
            fetch(who, path, revision=world.commit("toy-1m@v3") if revision == "commit" else revision)
        assert isinstance(refused.value.__cause__, DisabledRepoError)
    assert links(before) == []


def test_a_deprecated_release_can_still_be_had(world: World) -> None:
    url = hf_hub_url(TOY, "config.json", revision="v1", endpoint=world.endpoint)
    answer = HfApi(endpoint=world.endpoint, token=world.tokens["ada"])
    assert answer.model_info(TOY, revision="v1").disabled is False
    metadata = get_hf_file_metadata(url, token=world.tokens["ada"], endpoint=world.endpoint)
    assert metadata.commit_hash == world.commit("toy-1m@v1")


@pytest.mark.parametrize("token", ["gh_" + "y" * 43, "hf_wrong"])
def test_a_bad_token_is_not_taken_for_a_closed_gate(fetch: Fetch, token: str) -> None:
    with pytest.raises(HfHubHTTPError, match="Invalid credentials in Authorization header") as refused:
        fetch(token, "config.json")
    assert not isinstance(refused.value, RepositoryNotFoundError)
    assert refused.value.response.status_code == 401


@pytest.mark.parametrize(
    ("repo", "revision", "path", "error"),
    [
        ("gatehouse/none", "main", "config.json", RepositoryNotFoundError),
        ("gatehouse/toy-3m", "main", "config.json", RepositoryNotFoundError),
        ("gpt2", "main", "config.json", RepositoryNotFoundError),
        (TOY, "v9", "config.json", RevisionNotFoundError),
        (TOY, "refs/pr/1", "config.json", RevisionNotFoundError),
        (TOY, "release/1.0", "config.json", RevisionNotFoundError),
        (TOY, "main", "none.bin", RemoteEntryNotFoundError),
        (TOY, "main", "docs", RemoteEntryNotFoundError),
        (TOY, "main", "CONFIG.JSON", RemoteEntryNotFoundError),
    ],
)
def test_what_is_not_there_is_told_apart(
    fetch: Fetch, repo: str, revision: str, path: str, error: type[Exception]
) -> None:
    with pytest.raises(error) as missing:
        fetch("ada", path, repo, revision=revision)
    assert not isinstance(missing.value, GatedRepoError)


def test_an_absent_file_is_remembered_by_its_commit(fetch: Fetch, world: World, tmp_path: Path) -> None:
    with pytest.raises(RemoteEntryNotFoundError):
        fetch("ada", "chat_template.jinja")
    folder = tmp_path / "cache" / "models--gatehouse--toy-1m" / ".no_exist" / world.commit("toy-1m@v2")
    assert [path.name for path in folder.iterdir()] == ["chat_template.jinja"]


def test_what_a_day_gives_is_told_as_a_limit_and_not_as_a_gate(world: World) -> None:
    first, then = (hf_hub_url(TOY, path, endpoint=world.endpoint) for path in ("generation_config.json", "params.json"))
    get_hf_file_metadata(first, token=world.tokens["hal"], endpoint=world.endpoint)
    before = made()
    with pytest.raises(HfHubHTTPError) as refused:
        get_hf_file_metadata(then, token=world.tokens["hal"], endpoint=world.endpoint)
    answer = refused.value.response
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 86_401
    assert answer.headers["X-HF-Warning"].startswith("quota; ")
    assert not isinstance(refused.value, RepositoryNotFoundError)
    assert links(before) == []


def test_a_file_larger_than_any_day_is_refused_at_once_and_not_waited_for(fetch: Fetch, world: World) -> None:
    """A client that is told to wait until midnight waits, asks, hears the same, and waits for another day."""
    with pytest.raises(GatedRepoError) as refused:
        fetch("gus", "config.json")
    said = refused.value.response.headers
    assert "Retry-After" not in said
    assert "more than any day has" in said["X-Error-Message"]
    assert f"{world.endpoint}/grants/" in said["X-Error-Message"]
    assert said["X-HF-Warning"] == f"quota; {said['X-Error-Message']}"


def test_a_file_that_is_too_short_in_the_store_is_noticed(fetch: Fetch, world: World) -> None:
    """The client looks at sizes only; `hf cache verify` looks at the hashes."""
    row = world.releases["toy-1m@v1"].artifacts.get(path="model.safetensors")
    whole = weights_store().read(row.storage_key)
    weights_store().put_bytes(row.storage_key, whole[:-1])
    try:
        with pytest.raises(OSError, match="Consistency check failed"):
            fetch("ada", "model.safetensors", revision="v1")
    finally:
        weights_store().put_bytes(row.storage_key, whole)
