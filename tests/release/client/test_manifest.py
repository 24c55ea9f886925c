"""The manifest: canonical, read back, refused when unsafe, and a folder checked against it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.client import manifest
from release.client.errors import ManifestError
from release.client.hashing import digests_of
from release.client.manifest import File, LicenceText, Manifest
from release.client.paths import path_problem


def _file(path: str, content: bytes) -> File:
    found = digests_of([content])
    return File(path, found.size_bytes, found.sha256, found.md5)


FILES = (_file("params.json", b"{}"), _file("deep/weights.pth", b"w" * 100), _file("empty", b""))
SAMPLE = Manifest("toy-1m", "v1", LicenceText("research", "1.0", "a" * 64), FILES)


def test_order_of_files_does_not_change_digest_or_commit() -> None:
    turned = replace(SAMPLE, files=FILES[::-1])
    assert manifest.encode(turned) == manifest.encode(SAMPLE)
    encoded = manifest.encode(SAMPLE)
    assert manifest.commit(encoded) == manifest.digest(encoded)[:40]


@pytest.mark.parametrize(
    "other",
    [
        replace(SAMPLE, version="v2"),
        replace(SAMPLE, model="toy-2m"),
        replace(SAMPLE, licence=LicenceText("research", "1.0", "b" * 64)),
        replace(SAMPLE, files=FILES[1:]),
        replace(SAMPLE, files=(replace(FILES[0], path="params2.json"), *FILES[1:])),
    ],
)
def test_whatever_differs_gives_another_commit(other: Manifest) -> None:
    assert manifest.commit(manifest.encode(other)) != manifest.commit(manifest.encode(SAMPLE))


def test_what_is_encoded_is_decoded() -> None:
    decoded = manifest.decode(manifest.encode(SAMPLE))
    assert manifest.encode(decoded) == manifest.encode(SAMPLE)


def _altered(**changes: Any) -> bytes:
    return json.dumps({**json.loads(manifest.encode(SAMPLE)), **changes}).encode()


ENTRY = {"path": "a", "size": 1, "sha256": "0" * 64, "md5": "0" * 32}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b"null",
        _altered(format="other"),
        _altered(files={}),
        _altered(files=[1]),
        _altered(model=None),
        _altered(licence="x"),
        *(
            _altered(files=[{**ENTRY, **change}])
            for change in (
                {"path": "../a"},
                {"path": "/etc/passwd"},
                {"path": "a//b"},
                {"path": "a\0b"},
                {"path": ""},
                {"size": -1},
                {"size": True},
                {"size": "1"},
                {"sha256": "0" * 63},
                {"md5": "G" * 32},
            )
        ),
        _altered(files=[ENTRY, ENTRY]),
    ],
)
def test_a_manifest_that_is_none_or_points_elsewhere_is_refused(data: bytes) -> None:
    with pytest.raises(ManifestError):
        manifest.decode(data)


@given(st.binary(max_size=300))
def test_no_bytes_provoke_anything_but_a_refusal(data: bytes) -> None:
    with pytest.raises(ManifestError):
        manifest.decode(data)


def test_a_folder_that_matches_has_no_differences_and_damage_is_named(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "params.json").write_bytes(b"{}")
    (tmp_path / "deep/weights.pth").write_bytes(b"w" * 100)
    (tmp_path / "empty").touch()
    assert list(manifest.differences(SAMPLE, tmp_path)) == []
    (tmp_path / "deep/weights.pth").write_bytes(b"w" * 99 + b"v")
    (tmp_path / "params.json").write_bytes(b"{ }")
    (tmp_path / "empty").unlink()
    found = {each.path: each.problem for each in manifest.differences(SAMPLE, tmp_path)}
    assert found["empty"] == "is missing"
    assert found["params.json"] == "has 3 bytes instead of 2"
    assert "another SHA-256" in found["deep/weights.pth"]


@pytest.mark.parametrize("path", ["a", "7B/params.json", "use policy (final).txt", "ümlaut.txt", "a" * 200])
def test_plain_relative_paths_may_be_released(path: str) -> None:
    assert path_problem(path) is None


@pytest.mark.parametrize(
    "path",
    ["", "/a", "a/", "a//b", ".", "..", "a/../b", "./a", ".git/x", "a\\b", "a\0", "a\nb", 'a"b', "a\u202eb", " a",
     "a.", "u\u0308", "a" * 201, "a/" * 251 + "a", "C:a", "\ud800"],
)  # fmt: skip
def test_no_other_path_may(path: str) -> None:
    assert path_problem(path) is not None
