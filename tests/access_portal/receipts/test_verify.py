"""A receipt is genuine to the last bit or refused, on any machine and without the portal."""

from __future__ import annotations

import json
import random
import string
import subprocess
import sys
from pathlib import Path

import pytest
from joserfc.jwk import OKPKey

from access_portal.receipts import verify as program
from access_portal.receipts.verify import RefusedError, lines, verify
from tests.access_portal.receipts.forging import CLAIMS, FORGERIES, KEY, OTHER_KEY, key_file, receipt

KEYS = key_file(OTHER_KEY, KEY)


def test_a_genuine_receipt_says_what_was_signed() -> None:
    assert verify(receipt(), KEYS) == CLAIMS
    assert verify(receipt() + b"\r\n", KEYS) == CLAIMS


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_refused(name: str) -> None:
    keys = key_file(KEY) if "another key" in name or "inside" in name else KEYS
    with pytest.raises(RefusedError):
        verify(FORGERIES[name], keys)


def test_a_thousand_changed_bytes_are_all_refused() -> None:
    good, chance = receipt(), random.Random(20260301)
    alphabet = (string.ascii_letters + string.digits + "-_.=\n \x00").encode() + bytes(range(128, 256))
    tried = 0
    while tried < 1_000:
        place, byte = chance.randrange(len(good)), chance.choice(alphabet)
        if byte != good[place]:
            changed = good[:place] + bytes([byte]) + good[place + 1 :]
            with pytest.raises(RefusedError):
                verify(changed, KEYS)
            tried += 1


def test_every_place_is_guarded_against_a_lost_or_an_added_letter() -> None:
    good = receipt()
    for place in range(len(good) + 1):
        for changed in (good[:place] + good[place + 1 :], good[:place] + b"A" + good[place:]):
            if changed != good:
                with pytest.raises(RefusedError):
                    verify(changed, KEYS)


KEY_FILES = {
    "empty": b"",
    "not JSON": b"keys",
    "no list of keys": b'{"keys": {}}',
    "a bare key": json.dumps(KEY.as_dict(private=False)).encode(),
    "none": b'{"keys": []}',
    "keys of others": key_file(OTHER_KEY),
    "a key of another kind": b'{"keys": [{"kty": "oct", "k": "AAAA"}]}',
    "a key that is broken": b'{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AA"}]}',
    "our name on another key": key_file(OTHER_KEY).replace(OTHER_KEY.thumbprint().encode(), KEY.thumbprint().encode()),
    "bytes": bytes(range(256)),
}


@pytest.mark.parametrize("name", KEY_FILES)
def test_a_file_without_the_right_key_proves_nothing(name: str) -> None:
    with pytest.raises(RefusedError):
        verify(receipt(), KEY_FILES[name])


def test_a_private_key_in_the_file_is_no_harm_and_no_need() -> None:
    rows = json.dumps({"keys": [OKPKey.import_key(KEY.as_dict(private=True)).as_dict(private=True)]})
    assert verify(receipt(), rows.encode()) == CLAIMS


def test_what_is_printed_cannot_move_the_cursor_or_turn_the_line() -> None:
    said = list(lines({"family": "a\x1b[2Jb\u202ec\nd", "n\r": [], "list": [{"x": 1}], "none": None}))
    assert said == ["family: a\\x1b[2Jb\\u202ec\\nd", "n\\r: ", "list.1.x: 1", "none: -"]


# The program, as a stranger runs it: no settings, no database, no network, a copy of the one file


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "r.jws").write_bytes(receipt())
    (tmp_path / "keys.json").write_bytes(KEYS)
    return tmp_path / "r.jws", tmp_path / "keys.json"


def run(*command: object) -> subprocess.CompletedProcess[str]:
    """With an environment in which no setting is, and sockets forbidden."""
    guard = "import socket, sys, runpy\ndef no(*_): raise SystemExit(9)\nsocket.socket.connect = no\n"
    arguments = [str(part) for part in command]
    code = f"{guard}sys.argv = {arguments!r}\n"
    if arguments[0].endswith(".py"):
        code += "runpy.run_path(sys.argv[0], run_name='__main__')"
    else:
        code += "runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)"
    root = Path(program.__file__).parents[2]
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=root, env={}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("how", ["access_portal.receipts.verify", "verify.py"])
def test_the_program_says_what_a_genuine_receipt_says(how: str, files: tuple[Path, Path], tmp_path: Path) -> None:
    if how == "verify.py":
        how = str(tmp_path / how)
        Path(how).write_bytes(Path(program.__file__).read_bytes())
    done = run(how, *files)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("GENUINE. It says:\n  iss: http://testserver\n  receipt: grant\n")
    assert "  grant.number: GR-00001\n" in done.stdout


def test_the_program_refuses_and_shows_nothing_of_it(files: tuple[Path, Path]) -> None:
    files[0].write_bytes(receipt()[:-3] + b"AAA")
    done = run("access_portal.receipts.verify", *files)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("REFUSED: ")


def test_the_program_says_when_a_file_is_missing(files: tuple[Path, Path]) -> None:
    done = run("access_portal.receipts.verify", files[0], files[1].with_name("none.json"))
    assert done.returncode == 1
    assert "Cannot read" in done.stderr
    assert "Traceback" not in done.stderr


def test_another_tool_agrees(files: tuple[Path, Path], tmp_path: Path) -> None:
    """OpenSSL knows nothing of us: the signature over the first two parts is a plain Ed25519 one."""
    head, content, signature = receipt().split(b".")
    (tmp_path / "signed").write_bytes(head + b"." + content)
    (tmp_path / "signature").write_bytes(program._decode(signature.decode()))
    (tmp_path / "key.pem").write_bytes(KEY.as_pem(private=False))
    command = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "key.pem"]
    command += ["-in", "signed", "-sigfile", "signature"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    (tmp_path / "signed").write_bytes(head + b"." + content + b" ")
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode != 0
