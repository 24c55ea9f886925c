"""One-time codes against the test vectors of RFC 6238, appendix B (SHA-1, last six digits)."""

import base64

import pytest

from demo import totp

SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("at_seconds", "expected"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_the_standard(at_seconds: int, expected: str) -> None:
    assert totp.code(SECRET, at_seconds) == expected
