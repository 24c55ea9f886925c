"""JSON is read as the standard has it, and what is refused is not quoted."""

from __future__ import annotations

import pytest

from inference_worker import strict_json

REFUSED = [
    b"",
    b"{",
    b'{"a": 1} x',
    b'{"a": 1, "a": 2}',
    b'{"a": {"b": 1, "b": 1}}',
    b"NaN",
    b"[Infinity]",
    b"[-Infinity]",
    b"1e999",
    b'"\xff"',
    b'\xff\xfe"\x00a\x00"\x00',
    b'"a\x00b"',
    b"{'a': 1}",
    b"[" * 100_000,
    b"1" * 5_000,
    b'\xef\xbb\xbf{"a": 1}',
]


@pytest.mark.parametrize("data", REFUSED, ids=lambda data: str(data[:16]))
def test_what_is_not_json_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".") as refusal:
        strict_json.loads(data)
    assert "secret" not in str(refusal.value)


def test_a_refusal_quotes_nothing_of_the_data() -> None:
    with pytest.raises(ValueError, match=r".") as refusal:
        strict_json.loads(b'{"prompt": "secret" oops}')
    assert "secret" not in str(refusal.value)


def test_json_is_read() -> None:
    assert strict_json.loads('{"a": [1, 2.5, "é", null, true]}'.encode()) == {"a": [1, 2.5, "é", None, True]}
