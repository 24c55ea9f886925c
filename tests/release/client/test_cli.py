"""The command line as a shell sees it: what is printed, where, and the code it ends with."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from release.client.cli.app import app
from release.client.cli.exits import MEANINGS, Exit
from release.client.version import VERSION
from tests.release.client.commands import Run, lines, start
from tests.release.client.conftest import LAYOUTS
from tests.release.client.servers import TOKEN, Servers

ME, MODELS = "/portal/v1/me", "/portal/v1/models"
LINKS = "/portal/v1/releases/llama/7b/v1/links"
ANON, TROUBLE = "not_signed_in", "server_trouble"
JSON, PROBLEM, HTML = "application/json", "application/problem+json", "text/html"
META = ["checklist.chk", "consolidated.00.pth", "docs/use policy.txt", "params.json", "tokenizer.model"]


def test_a_token_is_kept_for_its_owner_alone_and_used_afterwards(run: Run, home: Path) -> None:
    told = run("login", "--token", "-", token=None, stdin=TOKEN.encode() + b"\n")
    assert (told.exit_code, "as Ada" in told.stdout) == (0, True)
    assert (home / "credentials.json").stat().st_mode & 0o777 == 0o600
    assert home.stat().st_mode & 0o777 == 0o700
    assert "ada" in run("whoami", token=None).stdout


def test_a_login_names_the_server_for_later(run: Run, servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("login", "--server", servers.url, "--token", TOKEN, token=None).exit_code == 0
    result = CliRunner().invoke(app, ["whoami"])
    assert (result.exit_code, servers.url in result.stdout) == (0, True)


def test_a_logout_forgets_the_token_and_says_that_it_still_works(run: Run, home: Path) -> None:
    run("login", "--token", TOKEN, token=None)
    told = run("logout", token=None)
    assert "/account/tokens/" in told.stdout
    assert TOKEN not in (home / "credentials.json").read_text()
    assert run("whoami", token=None).exit_code == Exit.NOT_SIGNED_IN
    assert "no token here" in run("logout", token=None).stdout


def test_a_token_that_does_not_work_is_not_kept(run: Run, home: Path) -> None:
    assert run("login", "--token", "gh_other", token=None).exit_code == Exit.NOT_SIGNED_IN
    assert not (home / "credentials.json").exists()


@pytest.mark.parametrize(
    "secret", [b"", b"\n", b"a b\n", b"\xff\xfe\n", b"x" * 5000, "gh_ключ\n".encode(), b"gh_\x00\n"]
)
def test_what_is_no_token_is_refused_and_not_repeated(run: Run, secret: bytes) -> None:
    told = run("login", "--token", "-", token=None, stdin=secret)
    assert (told.exit_code, told.exception and type(told.exception)) == (Exit.REFUSED, SystemExit)
    assert "is not a token" in told.stderr


def test_a_token_that_others_could_read_is_not_sent(run: Run, servers: Servers, home: Path) -> None:
    run("login", "--token", TOKEN, token=None)
    (home / "credentials.json").chmod(0o644)
    before = len(servers.portal.asked)
    told = run("whoami", token=None)
    assert (told.exit_code, "Revoke them" in told.stderr) == (Exit.REFUSED, True)
    assert len(servers.portal.asked) == before
    assert run("logout", "--all", token=None).exit_code == 0


def test_a_browser_login_is_not_asked_with_the_old_token(run: Run, servers: Servers) -> None:
    servers.offer_a_login()
    told = run("login", "--no-browser", token="gh_ended")
    assert (told.exit_code, "Signed in" in told.stdout) == (0, True)
    assert "ABCD-EFGH" in told.stderr
    assert "d-secret" not in told.stdout + told.stderr
    assert servers.portal.bearers["/portal/v1/device/codes"] == {None}


def test_models_say_what_i_may_have_and_why_not_the_rest(run: Run, servers: Servers) -> None:
    assert "yes" in run("models").stdout
    refusal = {"code": "no_grant", "explanation": "You have no [b]grant[/b].", "remedy": "Apply."}
    servers.portal.access = {"allowed": False, "url": "https://elsewhere.example/apply/llama/", **refusal}
    told = run("models")
    assert "llama/7b: You have no [b]grant[/b]. Apply. https://elsewhere.example/apply/llama/" in told.stdout
    access = lines(run("models", "--json"))[0]["models"][0]["access"]
    assert (access["allowed"], access["code"]) == (False, "no_grant")


def test_apply_shows_the_page_of_a_family_that_there_is(run: Run, servers: Servers) -> None:
    assert run("apply", "LLaMA", "--no-browser").stdout.strip() == f"{servers.url}/apply/llama/"
    assert lines(run("apply", "llama", "--json")) == [{"page": f"{servers.url}/apply/llama/"}]
    assert run("apply", "../../x").exit_code == run("apply").exit_code == Exit.USAGE


def test_status_says_who_acts_next(run: Run, servers: Servers) -> None:
    row = {"number": "GH-2026-00001", "family": "llama", "state": "in_review", "next_actor": "a reviewer",
           "submitted_at": "2026-06-01T00:00:00Z", "due_at": "2026-06-08T00:00:00Z"}  # fmt: skip
    path = "/portal/v1/applications"
    servers.portal.answers[path] = (200, JSON, json.dumps({"applications": [row]}).encode(), {})
    for words in (("status",), ("apply", "--status")):
        told = run(*words).stdout
        assert all(text in told for text in ("in review", "a reviewer", "2026-06-08", "/applications/GH-2026-00001/"))
    servers.portal.answers[path] = (200, JSON, b'{"applications": []}', {})
    assert "not applied yet" in run("status").stdout


def test_a_download_names_its_plan_and_its_end(run: Run) -> None:
    told = run("download", "llama/7b")
    assert told.exit_code == 0
    assert "llama/7B: 5 files as published, 5 of them fetched now." in told.stdout
    assert "signed as llama-7b v1 with" in told.stderr
    assert run("download", "7B@v1").exit_code == 0  # a variant that only one family has


def test_a_download_for_programs_is_one_object_a_line(run: Run) -> None:
    told = lines(run("download", "llama/7b", "--json"))
    events = [line["event"] for line in told]
    assert (events[0], events[-1]) == ("notice", "done")
    plan = told[events.index("plan")]
    assert [file["path"] for file in plan["files"]] == META
    assert {file["state"] for file in plan["files"]} == {"missing"}
    assert {line["path"]: line["outcome"] for line in told if line["event"] == "file"} == dict.fromkeys(
        META, "verified"
    )
    assert told[-1]["fetched"] == META


def test_a_dry_run_fetches_nothing_and_needs_no_token(run: Run, servers: Servers) -> None:
    told = run("download", "llama/7b", "--dry-run", token=None)
    assert (told.exit_code, all(path in told.stdout for path in META)) == (0, True)
    assert servers.portal.minted() == []
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (("--layout", "hf"), {"config.json", "docs/use policy.txt", "model.safetensors", "tokenizer.model"}),
        (("--layout", "all"), {*LAYOUTS, "docs/use policy.txt", "tokenizer.model"}),
        (("--include", "*.json"), {"params.json"}),
        (("--include", "*.json", "--include", "docs/*"), {"params.json", "docs/use policy.txt"}),
        (("--exclude", "*.pth", "--exclude", "docs/*"), {"params.json", "checklist.chk", "tokenizer.model"}),
    ],
)  # fmt: skip
def test_what_is_chosen_is_fetched_and_verified(run: Run, options: tuple[str, ...], wanted: set[str]) -> None:
    told = lines(run("download", "llama/7b", "w", *options, "--json"))[-1]
    assert set(told["fetched"]) == wanted
    found = lines(run("verify", "w", "--json"))[-1]
    assert (found["sound"], set(found["releases"][0]["sound"])) == (True, wanted)


def test_verify_names_what_is_damaged_missing_and_extra(run: Run) -> None:
    run("download", "llama/7b", "w")
    root = Path("w/7B")
    (root / "params.json").write_bytes(b"{}")
    (root / "checklist.chk").unlink()
    (root / "notes\x1b[2J.txt").write_bytes(b"mine")
    told = run("verify", "w")
    assert told.exit_code == Exit.DAMAGED
    for line in ("damaged: params.json", "missing: checklist.chk", "extra: notes�[2J.txt", "3 files as published"):
        assert line in told.stdout
    assert "\x1b" not in told.stdout
    assert run("download", "llama/7b", "w").exit_code == run("verify", "w").exit_code == 0


def test_verify_needs_no_network_and_no_server(run: Run) -> None:
    run("download", "llama/7b", "w")
    assert run("verify", "w/7B", token=None, server="https://gone.invalid").exit_code == 0


FAILURES: dict[str, tuple[tuple[str, ...], dict[str, Any], dict[str, Any], Exit, str]] = {
    "no token": (("download", "llama/7b"), {"token": None}, {}, Exit.NOT_SIGNED_IN, ANON),
    "token that ended": (("whoami",), {"token": "gh_x"}, {}, Exit.NOT_SIGNED_IN, ANON),
    "sign-in page": (("whoami",), {}, {ME: (302, HTML, b"", {"Location": "/login/"})}, Exit.NOT_SIGNED_IN, ANON),
    "grant ended": (
        ("download", "llama/7b"), {}, {LINKS: (403, PROBLEM, b'{"code": "grant_revoked", "title": "It ended."}', {})},
        Exit.NO_ACCESS, "grant_revoked",
    ),
    "quota": (
        ("download", "llama/7b", "--patience", "0"), {},
        {LINKS: (429, PROBLEM, b'{"code": "quota_spent", "title": "Enough."}', {})}, Exit.REFUSED, "quota_spent",
    ),
    "no such model": (("download", "llama/70b"), {}, {}, Exit.REFUSED, "not_found"),
    "no name of a model": (("download", "a b"), {}, {}, Exit.USAGE, "model_name"),
    "nothing chosen": (("download", "llama/7b", "--include", "*.zip"), {}, {}, Exit.USAGE, "nothing_chosen"),
    "unreadable keys": (("verify", ".", "--keys", "absent"), {}, {}, Exit.USAGE, "file_unreadable"),
    "no download here": (("verify", "."), {}, {}, Exit.DAMAGED, "evidence_missing"),
    "no server there": (("models",), {"server": "http://127.0.0.1:1"}, {}, Exit.NETWORK, "server_unreachable"),
    "another program": (("models",), {}, {MODELS: (200, HTML, b"<h1>Hi</h1>", {})}, Exit.NETWORK, "answer_unreadable"),
    "trouble there": (("models",), {}, {MODELS: (503, HTML, b"", {"Retry-After": "0"})}, Exit.NETWORK, TROUBLE),
    "http to others": (("models",), {"server": "http://gatehouse.example"}, {}, Exit.USAGE, "insecure_http"),
    "no address": (("models",), {"server": "https://a b/"}, {}, Exit.USAGE, "server_unusable"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAILURES)
def test_each_failure_has_its_exit_code_for_people_and_programs(run: Run, servers: Servers, name: str) -> None:
    words, how, answers, code, told = FAILURES[name]
    servers.portal.answers.update(answers)
    plain, program = run(*words, **how), run(*words, "--json", **how)
    assert (plain.exit_code, program.exit_code) == (code, code)
    assert plain.stderr.startswith("Error: ") or "\nError: " in plain.stderr
    assert lines(program)[-1]["error"]["code"] == told
    assert "Traceback" not in plain.output + program.output


def test_a_manifest_that_was_altered_is_refused(run: Run, servers: Servers) -> None:
    servers.portal.published.manifest = servers.portal.published.manifest.replace(b"llama-7b", b"llama-7c")
    assert run("download", "llama/7b").exit_code == Exit.DAMAGED
    assert list(Path.cwd().iterdir()) == []


def test_new_keys_are_refused_until_they_are_accepted(run: Run, servers: Servers) -> None:
    run("download", "llama/7b", "--include", "*.json")
    other = type(servers.portal.published)(servers.portal.published.files, LAYOUTS)
    servers.portal.published = other
    told = run("download", "llama/7b")
    assert (told.exit_code, "--accept-new-keys" in told.stderr) == (Exit.DAMAGED, True)
    assert run("download", "llama/7b", "--accept-new-keys").exit_code == 0
    assert run("download", "llama/7b").exit_code == 0


def test_a_full_disk_has_its_exit_code(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 0})())
    told = run("download", "llama/7b", "--json")
    assert (told.exit_code, lines(told)[-1]["error"]["code"]) == (Exit.NO_SPACE, "no_space")


@pytest.mark.parametrize(
    "words",
    [
        "nonsense",
        "download",
        "download a/b --layout other",
        "download a/b --connections 0",
        "verify . --nonsense",
        "download llama/7b --patience inf",
        "download llama/7b --patience nan",
    ],
)
def test_a_command_that_is_none_is_usage(run: Run, words: str) -> None:
    assert run(*words.split()).exit_code == Exit.USAGE


def test_an_unwritable_folder_is_told(run: Run) -> None:
    Path("w").write_bytes(b"a file")
    assert lines(run("download", "llama/7b", "w", "--json"))[-1]["error"]["code"] == "folder_unusable"


@pytest.mark.parametrize("content", [b"[]", b"{", b"\xff", b'{"servers": 7}', b'{"servers": {"https://a": 7}}'])
def test_a_configuration_that_is_none_is_no_trace(run: Run, home: Path, content: bytes) -> None:
    home.mkdir(parents=True)
    (home / "credentials.json").write_bytes(content)
    (home / "credentials.json").chmod(0o600)
    told = run("whoami", token=None)
    assert told.exit_code in (Exit.REFUSED, Exit.NOT_SIGNED_IN)
    assert "Error: " in told.stderr


def test_nothing_secret_is_printed(run: Run, servers: Servers) -> None:
    outputs = [run(*words) for words in (("login", "--token", TOKEN), ("whoami",), ("models", "--json"), ("logout",))]
    outputs += [run("download", "llama/7b", "w", *more) for more in ((), ("--json",), ("--dry-run",))]
    servers.store.refuses_links = True
    outputs.append(run("download", "llama/7b", "other"))
    printed = "".join(result.output for result in outputs)
    assert TOKEN not in printed
    assert "X-Amz-Signature" not in printed
    assert TOKEN not in "".join(path.read_text("latin-1") for path in Path("w").rglob("*") if path.is_file())


def test_the_version_and_every_command_explain_themselves(run: Run) -> None:
    assert run("--version").stdout.strip() == VERSION
    for words in ([], ["download"], ["verify"], ["login"], ["batch", "submit"]):
        assert run(*words, "--help").exit_code == 0
    assert set(MEANINGS) == set(Exit)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("gatehouse dow", {"download"}),
        ("gatehouse batch ", {"submit", "status", "results", "cancel"}),
        ("gatehouse download --layout ", {"meta", "hf", "all"}),
        ("gatehouse verify --ke", {"--keys"}),
    ],
)
def test_a_shell_completes_commands_options_and_choices(
    servers: Servers, home: Path, typed: str, offered: set[str]
) -> None:
    words = {"COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" ")), "_GATEHOUSE_COMPLETE": "complete_bash"}
    told, _ = start(servers, **words).communicate(timeout=60)
    assert set(told.split()) == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_what_a_shell_needs_to_complete_is_printed(servers: Servers, home: Path, shell: str) -> None:
    told, _ = start(servers, _GATEHOUSE_COMPLETE=f"source_{shell}").communicate(timeout=60)
    assert "_GATEHOUSE_COMPLETE" in told


def test_an_interruption_ends_with_130_and_keeps_what_came(servers: Servers, home: Path) -> None:
    process = start(servers, "download", "llama/7b", "w")
    servers.store.on_sent = lambda total: process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=60)
    assert (process.returncode, "run the same command again" in told) == (Exit.INTERRUPTED, True)
    servers.store.on_sent = lambda total: None
    again = start(servers, "download", "llama/7b", "w")
    again.communicate(timeout=60)
    assert again.returncode == 0
    assert all(Path("w/7B", path).read_bytes() == servers.portal.published.files[path] for path in META)


@pytest.mark.parametrize("words", [("models",), ("models", "--json"), ("download", "a b", "--json")])
def test_a_full_disk_behind_stdout_is_no_trace(servers: Servers, home: Path, words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        process = start(servers, *words, stdout=full, PYTHONUNBUFFERED="")
    _, told = process.communicate(timeout=60)
    assert process.returncode in (Exit.NO_SPACE, Exit.USAGE)
    assert "Traceback" not in told
    assert "Exception ignored" not in told


def test_a_terminal_without_our_characters_gets_others(servers: Servers, home: Path) -> None:
    told, _ = start(servers, "whoami", PYTHONIOENCODING="ascii").communicate(timeout=60)
    assert "Token ?laptop?" in told
