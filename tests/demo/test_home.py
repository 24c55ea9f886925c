"""What a demonstration writes down is for its owner alone, and there is one demonstration at a time."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from access_portal.receipts.keys import read_private_key
from demo.errors import DemoError
from demo.home import Home, write_private
from demo.lock import is_held, only_copy


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.make()
    return home


def test_private_files_are_readable_by_their_owner_only(home: Home) -> None:
    previous = os.umask(0)
    try:
        write_private(home.demo_file, {"a": "é"})
    finally:
        os.umask(previous)
    assert home.demo_file.stat().st_mode & 0o777 == 0o600
    assert json.loads(home.demo_file.read_text()) == {"a": "é"}


def test_secrets_are_made_once_and_differ_between_homes(home: Home, tmp_path: Path) -> None:
    other = Home(tmp_path / "other")
    other.make()
    assert home.secrets() == home.secrets()
    assert set(home.secrets().values()).isdisjoint(other.secrets().values())


def test_a_secret_that_an_older_home_lacks_is_added_and_the_others_stay(home: Home) -> None:
    before = home.secrets()
    write_private(home.secrets_file, {name: value for name, value in before.items() if name != "receipt_key"})
    after = home.secrets()
    assert read_private_key(after.pop("receipt_key"), "X") is not None
    assert after == {name: value for name, value in before.items() if name != "receipt_key"}
    assert home.secrets_file.stat().st_mode & 0o777 == 0o600


def test_a_second_copy_is_told_where_the_first_is(home: Home) -> None:
    expected = rf"already running here \(process {os.getpid()}\)"
    with only_copy(home), pytest.raises(DemoError, match=expected), only_copy(home):
        pytest.fail("two copies ran at once")
    assert not is_held(home)


def test_the_lock_goes_with_the_process_that_held_it(home: Home) -> None:
    script = "import os, sys; from demo.home import Home; from demo.lock import only_copy; from pathlib import Path\n"
    script += "with only_copy(Home(Path(sys.argv[1]))): os._exit(1)"
    subprocess.run([sys.executable, "-c", script, str(home.folder)], check=False)
    assert not is_held(home)
