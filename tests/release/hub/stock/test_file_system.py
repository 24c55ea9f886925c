"""`HfFileSystem` as it is installed: folders, parts of files, and the gate."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from huggingface_hub import HfFileSystem
from huggingface_hub.errors import GatedRepoError

from tests.release.hub.stock.tiny_llama import POLICY, README
from tests.release.hub.stock.world import World

pytestmark = pytest.mark.service
TOY = "gatehouse/toy-1m"
WEIGHTS = f"{TOY}/model.safetensors"
Fs = Callable[[str | None], HfFileSystem]


@pytest.fixture
def fs(world: World) -> Fs:
    def mount(who: str | None) -> HfFileSystem:
        token = world.tokens[who] if who else False
        return HfFileSystem(endpoint=world.endpoint, token=token, skip_instance_cache=True)

    return mount


@pytest.fixture
def weights(world: World) -> bytes:
    return (world.folder / "toy-1m@v2" / "model.safetensors").read_bytes()


def test_folders_are_listed_for_anybody(fs: Fs) -> None:
    assert f"{TOY}/docs" in fs(None).ls(TOY, detail=False)
    assert set(fs("ben").ls(f"{TOY}/docs", detail=False)) == {f"{TOY}/docs/deeper", f"{TOY}/{POLICY}"}


def test_info_tells_sizes_and_hashes(fs: Fs, world: World, weights: bytes) -> None:
    info = fs("ben").info(WEIGHTS)
    assert (info["type"], info["size"]) == ("file", len(weights))
    row = world.releases["toy-1m@v2"].artifacts.get(path="model.safetensors")
    assert info["lfs"].sha256 == row.sha256
    assert fs("ben").info(f"{TOY}/docs")["type"] == "directory"
    assert fs("ben").info(f"{TOY}@v1/config.json")["type"] == "file"
    with pytest.raises(FileNotFoundError):
        fs("ben").info(f"{TOY}/none.bin")


def test_globs_and_walks_find_files_at_any_depth(fs: Fs) -> None:
    assert set(fs("ben").glob(f"{TOY}/*config.json")) == {
        f"{TOY}/{name}" for name in ("config.json", "generation_config.json", "tokenizer_config.json")
    }
    assert fs("ben").glob(f"{TOY}/**/note.txt") == [f"{TOY}/docs/deeper/note.txt"]


@pytest.mark.parametrize(("start", "length"), [(0, 10), (1, 1), (100, 5_000), (-7, 7)])
def test_parts_of_a_file_are_read(fs: Fs, weights: bytes, start: int, length: int) -> None:
    with fs("ada").open(WEIGHTS, block_size=1024) as file:
        file.seek(start, 0 if start >= 0 else 2)
        begin = start if start >= 0 else len(weights) + start
        assert file.read(length) == weights[begin : begin + length]


def test_a_whole_file_is_read_and_fetched(fs: Fs, weights: bytes, tmp_path: object) -> None:
    assert fs("ada").cat_file(WEIGHTS) == weights
    assert fs("ada").cat_file(WEIGHTS, start=5, end=25) == weights[5:25]
    fs("ada").get_file(WEIGHTS, f"{tmp_path}/here")
    with open(f"{tmp_path}/here", "rb") as here:
        assert here.read() == weights


def test_there_is_nothing_beyond_the_end(fs: Fs, weights: bytes) -> None:
    for path in (WEIGHTS, f"{TOY}/README.md"):
        assert fs("ada").cat_file(path, start=len(weights) + 5, end=len(weights) + 9) == b""


def test_parts_of_the_card_are_read_by_anybody(fs: Fs) -> None:
    text = README.encode()
    assert fs("ben").cat_file(f"{TOY}/README.md") == text
    assert fs("ben").cat_file(f"{TOY}/README.md", start=3, end=9) == text[3:9]
    with fs(None).open(f"{TOY}/README.md", block_size=16) as file:
        file.seek(-5, 2)
        assert file.read() == text[-5:]


def test_reading_meets_the_gate_with_the_page_in_its_words(fs: Fs, world: World) -> None:
    with pytest.raises(GatedRepoError, match=f"{world.endpoint}/apply/toy/"):
        fs("ben").cat_file(WEIGHTS)
