"""`hf` as it is installed, run as people run it: with an endpoint and a token in the environment and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.release.hub.stock.conftest import Hf
from tests.release.hub.stock.tiny_llama import README
from tests.release.hub.stock.world import World

pytestmark = pytest.mark.service
TOY = "gatehouse/toy-1m"


def files_below(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and ".cache" not in path.relative_to(folder).parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_hf_download_brings_a_release_and_a_second_run_nothing_new(hf: Hf, world: World, tmp_path: Path) -> None:
    done = hf("ada", "download", TOY, "--local-dir", "here")
    assert done.returncode == 0, done.stderr
    assert files_below(tmp_path / "here") == files_below(world.folder / "toy-1m@v2")
    stamps = {path: path.stat().st_mtime_ns for path in (tmp_path / "here").iterdir()}
    assert hf("ada", "download", TOY, "--local-dir", "here").returncode == 0
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "here").iterdir()} == stamps


def test_hf_download_takes_a_tag_and_patterns(hf: Hf, world: World, tmp_path: Path) -> None:
    words = ("download", TOY, "--revision", "v1", "--include", "*.safetensors", "--local-dir", "here")
    done = hf("ada", *words)
    assert done.returncode == 0, done.stderr
    weights = (world.folder / "toy-1m@v1" / "model.safetensors").read_bytes()
    assert files_below(tmp_path / "here") == {"model.safetensors": weights}
    assert "Toy 1M v1 is deprecated: It was worse. Use Toy 1M v2 instead." in done.stderr
    assert f"{world.endpoint}/models/toy/1m/v1/" in done.stderr


def test_hf_download_of_one_file_prints_where_it_is(hf: Hf, world: World) -> None:
    done = hf("ada", "download", TOY, "config.json", "--quiet")
    assert done.returncode == 0, done.stderr
    path = Path(done.stdout.strip())
    assert path.parent.name == world.commit("toy-1m@v2")
    assert path.read_bytes() == (world.folder / "toy-1m@v2" / "config.json").read_bytes()


def test_hf_download_dry_run_tells_what_it_would_bring(hf: Hf, tmp_path: Path) -> None:
    done = hf("ada", "download", TOY, "--dry-run", "--local-dir", "here")
    assert done.returncode == 0, done.stderr
    assert "model.safetensors" in done.stdout
    assert files_below(tmp_path / "here") == {}


@pytest.mark.parametrize(("who", "page"), [("ben", "/apply/toy/"), (None, "/models/toy/1m/")])
def test_hf_download_without_access_shows_the_page_where_to_apply(
    hf: Hf, world: World, who: str | None, page: str
) -> None:
    for words in ((), ("config.json",)):
        done = hf(who, "download", TOY, *words)
        assert done.returncode == 1
        assert f"Apply for access at {world.endpoint}{page}" in done.stderr
        assert "Access denied" in done.stderr + done.stdout


def test_hf_auth_whoami(hf: Hf) -> None:
    done = hf("ada", "auth", "whoami")
    assert (done.returncode, "ada" in done.stdout) == (0, True), done.stderr
    assert hf(None, "auth", "whoami").returncode != 0


def test_hf_auth_login_keeps_a_token_that_works(hf: Hf, world: World) -> None:
    done = hf(None, "auth", "login", "--token", world.tokens["ada"])
    assert done.returncode == 0, done.stderr
    assert "ada" in hf(None, "auth", "whoami").stdout
    assert hf(None, "download", TOY, "config.json").returncode == 0
    assert hf(None, "auth", "login", "--token", "hf_wrong").returncode != 0


def test_hf_models_ls_lists_models_and_files(hf: Hf) -> None:
    listed = hf("ben", "models", "ls", "--search", "toy", "--format", "json")
    assert [each["id"] for each in json.loads(listed.stdout)] == [TOY, "gatehouse/toy-2m", "gatehouse/toy-9m"]
    files = hf("ben", "models", "ls", TOY, "-R")
    assert files.returncode == 0, files.stderr
    assert "model.safetensors" in files.stdout
    assert "docs/deeper/note.txt" in files.stdout


def test_hf_models_info(hf: Hf, world: World) -> None:
    done = hf("ben", "models", "info", TOY, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["sha"] == world.commit("toy-1m@v2")


@pytest.mark.parametrize("who", ["ben", None])
def test_hf_models_card_is_for_anybody(hf: Hf, who: str | None) -> None:
    done = hf(who, "models", "card", TOY)
    assert done.returncode == 0, done.stderr
    assert README.strip() in done.stdout


def test_hf_cache_verify_finds_a_copy_whole_and_a_flipped_byte(hf: Hf, world: World, tmp_path: Path) -> None:
    assert hf("ada", "download", TOY).returncode == 0
    sound = hf("ada", "cache", "verify", TOY)
    assert sound.returncode == 0, sound.stdout + sound.stderr
    for name in ("config.json", "model.safetensors"):
        copy = next((tmp_path / "home").rglob(f"{world.commit('toy-1m@v2')}/{name}")).resolve()
        copy.write_bytes(copy.read_bytes()[:-1] + b"\0")
        broken = hf("ada", "cache", "verify", TOY)
        assert broken.returncode != 0
        assert name in broken.stdout + broken.stderr


def test_a_new_home_asks_for_agent_harnesses_and_loses_no_time(hf: Hf) -> None:
    assert hf("ada", "auth", "whoami", AI_AGENT="1").returncode == 0
