"""`manage.py release convert` as an operator types it."""

import io
from pathlib import Path

import pytest
import torch
from django.core.management import CommandError, call_command

from release.checking.folder import check
from release.client.manifest import Layout
from tests.release.layouts import tiny


@pytest.fixture
def meta(tmp_path: Path) -> Path:
    return tiny.write_meta(tmp_path / "meta", tiny.random_weights(tiny.PARAMS, torch.bfloat16), shards=2)


def _convert(*arguments: object) -> str:
    out = io.StringIO()
    call_command("release", "convert", *map(str, arguments), stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_the_other_layout_is_written_beside_the_first(meta: Path) -> None:
    assert "Hugging Face's layout too" in _convert(meta, "--to", "hf")
    assert check(meta).layouts == {Layout.META, Layout.HF}


def test_and_back_elsewhere_in_other_shards(meta: Path, tmp_path: Path) -> None:
    _convert(meta, "--to", "hf", "--out", tmp_path / "hf", "--context", "512")
    _convert(tmp_path / "hf", "--to", "meta", "--out", tmp_path / "back", "--shards", "4")
    assert check(tmp_path / "back").dimensions["shards"] == 4
    assert tiny.same_bits(tiny.read_meta(tmp_path / "back"), tiny.read_meta(meta))
    assert '"max_seq_len": 512' in (tmp_path / "back" / "params.json").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--to", "hf", "--shards", "x"], "invalid int"),
        (["--to", "hf", "--context", "0"], "invalid positive"),
        (["--to", "gguf"], "invalid choice"),
        (["--to", "meta"], r"config\.json: is missing"),
        (["--to", "meta", "--shards", "3"], "1, 2, 4 or 8"),
        (["--to", "hf", "--out", "/proc/nowhere"], "/proc/nowhere"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(meta: Path, arguments: list[str], message: str) -> None:
    before = {path.name for path in meta.iterdir()}
    with pytest.raises(CommandError, match=message):
        _convert(meta, *arguments)
    assert {path.name for path in meta.iterdir()} == before


def test_a_folder_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"tokenizer\.model: is missing"):
        _convert(tmp_path / "nowhere", "--to", "hf")


def test_twice_is_refused(meta: Path) -> None:
    _convert(meta, "--to", "hf")
    with pytest.raises(CommandError, match=r"already holds config\.json"):
        _convert(meta, "--to", "hf")
