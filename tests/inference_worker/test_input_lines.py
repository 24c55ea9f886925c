"""Lines are found in a stream however it is cut up, and each is told what is wrong with it."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference_worker.input_lines import InputLine, LineRules, StructureError, split

GOOD: dict[str, Any] = {"custom_id": "a", "method": "POST", "url": "/v1/completions", "body": {"model": "toy-1m"}}


def lines(data: bytes, max_bytes: int = 100) -> list[tuple[int, bytes | None]]:
    return [(line.number, line.data) for line in split([data], max_bytes)]


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", []),
        (b"\n\r\n  \n", []),
        (b"a\nb", [(1, b"a"), (2, b"b")]),
        (b"a\r\n\r\nb\n", [(1, b"a\r"), (3, b"b")]),
        (b"\xef\xbb\xbfa\n", [(1, b"a")]),
        (b"\xef\xbb\xbf\n\na", [(3, b"a")]),
        (b"x" * 100 + b"\r\n" + b"x" * 101 + b"\nb", [(1, b"x" * 100 + b"\r"), (2, None), (3, b"b")]),
        (b"\xef\xbb\xbf" + b"x" * 100, [(1, b"x" * 100)]),
        (b"\xef\xbb\xbf" + b"x" * 101, [(1, None)]),
    ],
)
def test_lines_are_numbered_and_blank_ones_skipped(data: bytes, found: list[tuple[int, bytes | None]]) -> None:
    assert lines(data) == found


@given(st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=6))
def test_where_the_stream_is_cut_makes_no_difference(data: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(data)]
    pieces = [data[start:end] for start, end in pairwise(edges)]
    assert [(line.number, line.data) for line in split(pieces, 8)] == lines(data, 8)


def test_a_huge_line_is_never_held() -> None:
    pieces = (b"x" * 1000 for _ in range(1000))
    assert list(split(pieces, 100)) == [InputLine(1, None)]


FAULTS: list[tuple[Any, str, str | None]] = [
    (b"hello", "invalid_json_line", None),
    (b"[]", "invalid_json_line", None),
    (b'"text"', "invalid_json_line", None),
    (b"\xff\xfe{", "invalid_json_line", None),
    (b"\x00", "invalid_json_line", None),
    (b'{"custom_id": "a", "custom_id": "b"}', "invalid_json_line", None),
    (b'{"custom_id": NaN}', "invalid_json_line", None),
    (None, "invalid_request", None),
    ({"custom_id": None}, "invalid_request", "custom_id"),
    ({"custom_id": 7}, "invalid_request", "custom_id"),
    ({"custom_id": ""}, "invalid_request", "custom_id"),
    ({"custom_id": "x" * 513}, "invalid_request", "custom_id"),
    ({"method": None}, "invalid_request", "method"),
    ({"method": "GET"}, "invalid_method", "method"),
    ({"method": 7}, "invalid_request", "method"),
    ({"url": None}, "invalid_request", "url"),
    ({"url": "/v1/chat/completions"}, "url_mismatch", "url"),
    ({"body": None}, "invalid_request", "body"),
    ({"body": []}, "invalid_request", "body"),
    ({"body": {}}, "invalid_request", "body.model"),
    ({"body": {"model": 7}}, "invalid_request", "body.model"),
    ({"body": {"model": "toy-1m", "stream": True}}, "invalid_request", "body.stream"),
]


@pytest.mark.parametrize(("given_line", "code", "param"), FAULTS, ids=lambda value: str(value)[:40])
def test_a_line_is_told_its_fault(given_line: Any, code: str, param: str | None) -> None:
    data = json.dumps({**GOOD, **given_line}).encode() if isinstance(given_line, dict) else given_line
    with pytest.raises(StructureError) as refusal:
        LineRules("/v1/completions").read(InputLine(1, data))
    assert (refusal.value.code, refusal.value.param) == (code, param)


def test_a_custom_id_is_used_once() -> None:
    rules = LineRules("/v1/completions")
    rules.read(InputLine(1, json.dumps(GOOD).encode()))
    with pytest.raises(StructureError) as refusal:
        rules.read(InputLine(2, json.dumps(GOOD).encode()))
    assert refusal.value.code == "duplicate_custom_id"


def test_the_longest_custom_id_and_a_lone_surrogate_are_taken() -> None:
    rules = LineRules("/v1/completions")
    for custom_id in ("x" * 512, "\ud800"):
        assert rules.read(InputLine(1, json.dumps({**GOOD, "custom_id": custom_id}).encode())).custom_id == custom_id
