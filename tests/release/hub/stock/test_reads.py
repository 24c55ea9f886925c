"""`HfApi` as it is installed: all that it reads of a model, by anybody, and how it reports what is not there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import (
    BadRequestError,
    DisabledRepoError,
    GatedRepoError,
    HfHubHTTPError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.hf_api import RepoFile, RepoFolder
from huggingface_hub.utils._http import get_session, hf_raise_for_status

from tests.release.hub.stock.tiny_llama import POLICY, tensors
from tests.release.hub.stock.world import MANY, World

pytestmark = pytest.mark.service
TOY, MANY_FILES = "gatehouse/toy-1m", "gatehouse/toy-9m"
Api = Callable[[str | None], HfApi]
ANYBODY = ["ada", "ben", None]


@pytest.mark.parametrize("who", ANYBODY)
def test_model_info_names_the_commit_of_main_and_every_file(api: Api, world: World, who: str | None) -> None:
    info = api(who).model_info(TOY)
    assert (info.id, info.sha, info.gated, info.private) == (TOY, world.commit("toy-1m@v2"), "manual", False)
    assert info.siblings is not None
    paths = set(world.releases["toy-1m@v2"].artifacts.values_list("path", flat=True))
    assert {each.rfilename for each in info.siblings} == paths
    assert info.card_data is not None
    assert info.card_data.license == "other"
    assert isinstance(info.last_modified, datetime)
    assert info.last_modified.tzinfo == UTC


def test_model_info_with_files_metadata_tells_sizes_and_names_in_git(api: Api, world: World) -> None:
    info = api("ben").model_info(TOY, files_metadata=True)
    rows = {row.path: row for row in world.releases["toy-1m@v2"].artifacts.all()}
    for each in info.siblings or []:
        row = rows[each.rfilename]
        assert each.size == row.size_bytes
        assert each.blob_id is not None
        assert len(each.blob_id) == 40
        if row.git_sha1:
            assert (each.blob_id, each.lfs) == (row.git_sha1, None)
        else:
            assert each.lfs is not None
            assert (each.lfs.sha256, each.lfs.size) == (row.sha256, row.size_bytes)
    assert sum(each.lfs is not None for each in info.siblings or []) == 1


@pytest.mark.parametrize("revision", ["main", "v2", "v1", "refs/heads/main", "refs/tags/v1"])
def test_each_revision_names_its_own_commit(api: Api, world: World, revision: str) -> None:
    version = "v1" if "v1" in revision else "v2"
    assert api("ben").model_info(TOY, revision=revision).sha == world.commit(f"toy-1m@{version}")
    assert api("ben").model_info(TOY, revision=world.commit(f"toy-1m@{version}")).sha == world.commit(
        f"toy-1m@{version}"
    )


@pytest.mark.parametrize("who", ANYBODY)
def test_files_are_listed_for_anybody(api: Api, world: World, who: str | None) -> None:
    assert POLICY in api(who).list_repo_files(TOY)
    assert len(api(who).list_repo_files(TOY)) == world.releases["toy-1m@v2"].artifacts.count()


def test_the_tree_has_folders_and_what_lies_in_them(api: Api) -> None:
    top = list(api("ben").list_repo_tree(TOY))
    assert [each.path for each in top if isinstance(each, RepoFolder)] == ["docs"]
    assert {each.path for each in api("ben").list_repo_tree(TOY, "docs")} == {"docs/deeper", POLICY}
    deep = api("ben").list_repo_tree(TOY, "docs/deeper", recursive=True)
    assert [each.path for each in deep] == ["docs/deeper/note.txt"]
    assert [each.path for each in api("ben").list_repo_tree(TOY, POLICY)] == [POLICY]


def test_the_tree_tells_large_files_from_others(api: Api, world: World) -> None:
    rows = {row.path: row for row in world.releases["toy-1m@v2"].artifacts.all()}
    for each in api("ben").list_repo_tree(TOY, recursive=True):
        if isinstance(each, RepoFile):
            row = rows[each.path]
            assert each.size == row.size_bytes
            assert each.blob_id == row.git_sha1 or each.lfs
            assert each.lfs is None or each.lfs.sha256 == row.sha256
            assert each.xet_hash is None


def test_an_expanded_tree_tells_the_last_commit_of_each_entry(api: Api, world: World) -> None:
    for each in api("ben").list_repo_tree(TOY, recursive=True, expand=True):
        assert each.last_commit is not None
        assert (each.last_commit.oid, each.last_commit.title) == (world.commit("toy-1m@v2"), "v2")


def test_paths_info_leaves_out_what_is_not_there(api: Api) -> None:
    found = api("ben").get_paths_info(TOY, ["config.json", "docs", "none.bin"], expand=True)
    assert {each.path for each in found} == {"config.json", "docs"}
    assert api("ben").get_paths_info(TOY, ["none.bin", "../config.json"]) == []


def test_lists_longer_than_a_page_are_followed_to_the_end(api: Api) -> None:
    files = api("ben").list_repo_files(MANY_FILES)
    assert len(set(files)) == MANY
    assert len(api("ben").get_paths_info(MANY_FILES, files)) == MANY


def test_headers_of_safetensors_are_read_in_parts(api: Api) -> None:
    metadata = api("ada").get_safetensors_metadata(TOY)
    assert metadata.parameter_count == {"F32": sum(tensor.numel() for tensor in tensors(2).values())}
    with pytest.raises(GatedRepoError):
        api("ben").get_safetensors_metadata(TOY)


def test_refs_are_main_and_a_tag_for_each_release(api: Api, world: World) -> None:
    refs = api("ben").list_repo_refs(TOY, include_pull_requests=True)
    assert {(each.name, each.target_commit) for each in refs.branches} == {("main", world.commit("toy-1m@v2"))}
    expected = {(version, world.commit(f"toy-1m@{version}")) for version in ("v1", "v2", "v3")}
    assert {(each.name, each.target_commit) for each in refs.tags} == expected
    assert (refs.converts, refs.pull_requests) == ([], [])


def test_commits_are_the_releases_newest_first(api: Api, world: World) -> None:
    commits = api("ben").list_repo_commits(TOY, formatted=True)
    assert [(each.title, each.commit_id) for each in commits] == [
        (version, world.commit(f"toy-1m@{version}")) for version in ("v2", "v1")
    ]
    assert commits[0].authors == ["gatehouse"]
    assert [each.title for each in api("ben").list_repo_commits(TOY, revision="v3")] == ["v3", "v2", "v1"]


@pytest.mark.parametrize("who", ANYBODY)
def test_existence_of_models_revisions_and_files(api: Api, world: World, who: str | None) -> None:
    client = api(who)
    assert client.repo_exists(TOY)
    assert not client.repo_exists("gatehouse/none")
    assert not client.repo_exists("gatehouse/toy-3m")  # staged only
    assert client.revision_exists(TOY, "v1")
    assert client.revision_exists(TOY, world.commit("toy-1m@v1"))
    assert not client.revision_exists(TOY, "v9")
    assert not client.revision_exists(TOY, "release/1.0")


def test_file_exists_for_whoever_may_have_the_file(api: Api) -> None:
    assert api("ada").file_exists(TOY, "config.json")
    assert not api("ada").file_exists(TOY, "none.bin")
    with pytest.raises(GatedRepoError):
        api("ben").file_exists(TOY, "config.json")
    with pytest.raises(GatedRepoError):
        api("ben").file_exists(TOY, "none.bin")


def test_models_are_listed_searched_and_limited(api: Api, world: World) -> None:
    client = api(None)
    everything = [each.id for each in client.list_models()]
    assert everything == ["gatehouse/old-1m", TOY, "gatehouse/toy-2m", MANY_FILES]
    assert [each.id for each in client.list_models(search="OLD")] == ["gatehouse/old-1m"]
    assert [each.id for each in client.list_models(limit=2)] == everything[:2]
    assert [each.id for each in client.list_models(author="gatehouse", gated=True)] == everything
    assert [each.id for each in client.list_models(author="nobody")] == []
    assert [each.id for each in client.list_models(gated=False)] == []
    assert [each.id for each in client.list_models(filter=["toy", "text-generation"])] == [
        TOY,
        "gatehouse/toy-2m",
        MANY_FILES,
    ]
    newest = [each.id for each in client.list_models(sort="last_modified")]
    assert newest == [MANY_FILES, "gatehouse/old-1m", "gatehouse/toy-2m", TOY]
    full = next(iter(client.list_models(search="toy-1m", full=True, cardData=True)))
    assert full.sha == world.commit("toy-1m@v2")
    assert full.siblings


def test_whoami_names_person_and_token(api: Api) -> None:
    me = api("ada").whoami()
    assert (me["name"], me["fullname"], me["email"], me["orgs"]) == ("ada", "Ada Example", "ada@uni.example", [])
    assert me["auth"]["accessToken"]["displayName"] == "laptop"
    assert me["auth"]["accessToken"]["role"] == "read"


def test_auth_check_answers_as_the_gate_does(api: Api) -> None:
    api("ada").auth_check(TOY)
    for who in ("ben", None):
        with pytest.raises(GatedRepoError):
            api(who).auth_check(TOY)
    with pytest.raises(RepositoryNotFoundError) as missing:
        api("ada").auth_check("gatehouse/none")
    assert not isinstance(missing.value, GatedRepoError)


def test_auth_check_for_writing_is_for_those_who_publish(api: Api) -> None:
    api("olga").auth_check(TOY, write=True)
    for who, status in (("ada", 403), (None, 401)):
        with pytest.raises(HfHubHTTPError) as refused:
            api(who).auth_check(TOY, write=True)
        assert refused.value.response.status_code == status


@pytest.mark.parametrize("who", ANYBODY)
def test_an_unknown_model_is_told_as_such(api: Api, who: str | None) -> None:
    for repo in ("gatehouse/none", "gatehouse/toy-3m", "Gatehouse/Toy-1M", "gpt2"):
        with pytest.raises(RepositoryNotFoundError) as missing:
            api(who).model_info(repo)
        assert not isinstance(missing.value, GatedRepoError)
        assert missing.value.response.status_code == (404 if who else 401)


@pytest.mark.parametrize("kind", ["dataset", "space", "kernel"])
def test_other_kinds_of_repositories_are_not_found(api: Api, kind: str) -> None:
    with pytest.raises(RepositoryNotFoundError):
        api("ada").repo_info(TOY, repo_type=kind)


@pytest.mark.parametrize("revision", ["v9", "refs/pr/1", "release/1.0", "0" * 40, "../v1", "V1", "%2e%2e"])
def test_an_unknown_revision_is_told_as_such(api: Api, revision: str) -> None:
    client = api("ben")
    calls: list[Callable[[], object]] = [
        lambda: client.model_info(TOY, revision=revision),
        lambda: list(client.list_repo_tree(TOY, revision=revision)),
        lambda: client.get_paths_info(TOY, ["config.json"], revision=revision),
        lambda: client.list_repo_commits(TOY, revision=revision),
    ]
    for call in calls:
        with pytest.raises(RevisionNotFoundError):
            call()


def test_an_unknown_folder_is_told_as_such(api: Api) -> None:
    with pytest.raises(RemoteEntryNotFoundError):
        list(api("ben").list_repo_tree(TOY, "additional_chat_templates"))


@pytest.mark.parametrize("who", ANYBODY)
def test_a_withdrawn_release_is_disabled_and_its_record_stays(api: Api, world: World, who: str | None) -> None:
    client = api(who)
    for revision in ("v3", world.commit("toy-1m@v3")):
        with pytest.raises(DisabledRepoError):
            client.model_info(TOY, revision=revision)
        with pytest.raises(DisabledRepoError):
            list(client.list_repo_tree(TOY, revision=revision))
    with pytest.raises(DisabledRepoError):
        client.model_info("gatehouse/toy-2m")
    assert [each.name for each in client.list_repo_refs("gatehouse/toy-2m").tags] == ["v1"]
    assert next(iter(client.list_models(search="toy-2m", full=True))).disabled


@pytest.mark.parametrize("token", ["gh_" + "x" * 43, "hf_wrong"])
def test_a_token_that_signs_nobody_in_is_refused_everywhere(world: World, token: str) -> None:
    client = HfApi(endpoint=world.endpoint, token=token)
    for call in (client.whoami, lambda: client.model_info(TOY), lambda: list(client.list_models())):
        with pytest.raises(HfHubHTTPError) as refused:
            call()
        assert refused.value.response.status_code == 401
        assert not isinstance(refused.value, RepositoryNotFoundError)


def test_discussions_are_not_there(api: Api) -> None:
    with pytest.raises(HfHubHTTPError) as missing:
        list(api("ada").get_repo_discussions(TOY))
    assert missing.value.response.status_code == 404


@pytest.mark.parametrize("query", ["limit=-3", "limit=x", "cursor=1e3"])
def test_what_cannot_be_read_is_a_bad_request(world: World, query: str) -> None:
    with pytest.raises(BadRequestError):
        hf_raise_for_status(get_session().get(f"{world.endpoint}/api/models?{query}"))
