"""The main job through public interfaces only: web forms, signed links and the HTTP API, like anybody from outside.

Nothing here imports Django or our models: what it knows, it knows from `demo.json` and from what the site answers.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import time
from dataclasses import dataclass
from textwrap import shorten
from typing import Any

import httpx
from openai import OpenAI
from openai.types import Batch

from demo import totp
from demo.browser import Browser
from demo.errors import DemoError
from demo.screen import Screen

MAIL_SECONDS = 30.0
BATCH_SECONDS = 180.0
POLL_SECONDS = 0.5
SHOWN_RESULTS = 3
SHOWN_CHARACTERS = 110

PROMPTS = (
    "It was a bright cold morning, and Mr. Holmes",
    "Elizabeth was surprised to",
    "And it came to pass in those days, that",
    "The letter was from her sister, and",
    '"My dear fellow," said he,',
    "Emma could not forgive her; but",
)
PURPOSE = (
    "I want to find out how small language models trained on nineteenth-century prose keep to the grammar of their "
    "time, by comparing their continuations of opening sentences with the originals."
)


CHECKLIST = ["identity", "institution", "purpose", "sharing", "people"]  # of the house form


@dataclass(frozen=True)
class Applicant:
    """A person who has never been here before."""

    username: str
    email: str
    password: str

    @classmethod
    def new(cls) -> Applicant:
        name = f"mina-{secrets.token_hex(3)}"
        return cls(name, f"{name}@uni.example", secrets.token_urlsafe(12))


def run(demo: dict[str, Any], screen: Screen) -> None:
    """Apply, approve, download, run a batch; raises DemoError naming the step that failed."""
    screen.say("  The main job, step by step, through the public interfaces:")
    applicant = Applicant.new()
    visitor = Browser(demo["base_url"])
    with screen.step("A researcher creates an account and confirms the address"):
        _sign_up(visitor, applicant)
    screen.detail("account", f"{applicant.username} <{applicant.email}>")
    with screen.step("They begin an application, fill in the form, read the licence and send it"):
        number = _apply(visitor, demo)
    screen.detail("application", number)
    with screen.step("A reviewer signs in with a second factor, claims the case, checks it and approves it"):
        _approve(demo, number)
    with screen.step("The decision reaches the researcher by mail and on their page"):
        grant = _read_decision(visitor, applicant, number)
    screen.detail("decision", f"approved, grant {grant}")
    with screen.step("The weights come down by signed links"):
        files = _download(visitor, demo)
    for name, size, digest in files:
        screen.detail(name, f"{size:,} bytes, SHA-256 {digest[:16]}… is what the manifest says")
    with screen.step("They make an API token"):
        token = _make_token(visitor)
    client = OpenAI(base_url=f"{demo['base_url']}/v1", api_key=token)
    with screen.step("A batch of prompts goes in by the stock openai client, and a worker runs it"):
        batch = _run_batch(client, demo["model"])
    _show_results(client, batch, screen)


def _sign_up(visitor: Browser, applicant: Applicant) -> None:
    visitor.open("/account/signup/")
    visitor.submit(
        "/account/signup/",
        email=applicant.email,
        username=applicant.username,
        password1=applicant.password,
        password2=applicant.password,
        full_name="Mina Newcomer",
    )
    body = _mail_to(visitor, applicant.email, "/account/confirm-email/")
    link = re.search(r"https?://\S*/account/confirm-email/\S+/", body)
    if link is None:
        raise DemoError("The mail that confirms the address holds no link.")
    visitor.open(link.group())
    visitor.submit("/account/confirm-email/")
    visitor.open("/account/login/")
    if visitor.page.address.endswith("/login/"):  # confirming may have signed them in already
        visitor.submit("/account/login/", login=applicant.username, password=applicant.password)


def _apply(visitor: Browser, demo: dict[str, Any]) -> str:
    """The number of the application: begun, filled in, looked over, and sent with the licence accepted."""
    start = f"/apply/{demo['family']}/"
    visitor.open(start)
    found = re.search(r"GH-\d{4}-\d{5,}", visitor.submit(start).address)
    if found is None:
        raise DemoError(f"No application was begun. The page says:\n{_words(visitor)}")
    number = found.group()
    visitor.submit(f"/applications/{number}/edit/", **_answers(demo), then="send")
    visitor.open(f"/applications/{number}/send/?step=licence")
    visitor.submit(f"/applications/{number}/send/", agree="on")
    if not visitor.page.address.endswith(f"/applications/{number}/"):
        raise DemoError(f"The application was not taken. The page says:\n{_words(visitor)}")
    return number


def _answers(demo: dict[str, Any]) -> dict[str, Any]:
    return {
        "institution": "University of Example",
        "country": "Malaysia",
        "position": "postdoc",
        "sizes": [demo["variant"]],
        "purpose": PURPOSE,
        "sharing": "A paper and all code under an open licence.",
        "human_data": "no",
        "needs_download": "on",
        "needs_inference": "on",
        "estimated_tokens": "20000",
    }


def _words(visitor: Browser) -> str:
    return " ".join(visitor.page.text.split())[:1500]


def _approve(demo: dict[str, Any], number: str) -> None:
    reviewer = demo["people"]["reviewer"]
    desk = Browser(demo["base_url"])
    desk.open("/account/login/")
    desk.submit("/account/login/", login=reviewer["name"], password=reviewer["password"])
    desk.submit("/account/2fa/authenticate/", code=totp.code(reviewer["totp_secret"], time.time()))
    desk.open("/review/")
    desk.open(f"/review/{number}/")
    desk.submit(f"/review/{number}/claim/")
    desk.submit(
        f"/review/{number}/approve/",
        checked=CHECKLIST,
        reason="A clear question, and results that will be open.",
        duration_months="12",
    )


def _read_decision(visitor: Browser, applicant: Applicant, number: str) -> str:
    """The number of the grant, as page and mail tell it; both wait until the reviewer can no longer undo it."""
    text = _page_with(visitor, f"/applications/{number}/", "GR-", wanted=f"grant on the page of {number}")
    grant = re.search(r"GR-\d{5,}", text)
    assert grant is not None
    _mail_to(visitor, applicant.email, number, grant.group())
    return grant.group()


def _download(visitor: Browser, demo: dict[str, Any]) -> list[tuple[str, int, str]]:
    """Name, size and SHA-256 of each file, hashed while it came in; raises DemoError where the manifest differs."""
    path = f"/models/{demo['family']}/{demo['variant']}/{demo['version']}/"
    manifest = httpx.get(f"{demo['base_url']}{path}manifest.json").raise_for_status().json()
    visitor.open(path)
    return [_fetch(visitor, f"{path}download/", file) for file in manifest["files"]]


def _fetch(visitor: Browser, path: str, file: dict[str, Any]) -> tuple[str, int, str]:
    answer = visitor.send(path + file["path"])
    if answer.status_code not in {302, 303}:
        raise DemoError(f"No link for {file['path']}: the site answered {answer.status_code}.")
    digest, size = hashlib.sha256(), 0
    with httpx.stream("GET", answer.headers["location"], timeout=60) as response:
        response.raise_for_status()
        for piece in response.iter_bytes():
            digest.update(piece)
            size += len(piece)
    if (size, digest.hexdigest()) != (file["size"], file["sha256"]):
        raise DemoError(f"{file['path']} is not what the manifest says.")
    return file["path"], size, digest.hexdigest()


def _make_token(visitor: Browser) -> str:
    visitor.open("/account/tokens/")
    page = visitor.submit("/account/tokens/", name="first batch", scopes=["jobs"], days="7")
    found = re.search(r"gh_[\w-]{40,}", page.text)
    if found is None:
        raise DemoError("The new token is not on its page.")
    return found.group()


def _run_batch(client: OpenAI, model: str) -> Batch:
    lines = [
        {
            "custom_id": f"line-{number}",
            "method": "POST",
            "url": "/v1/completions",
            "body": {"model": model, "prompt": prompt, "max_tokens": 40, "temperature": 0.7, "seed": number},
        }
        for number, prompt in enumerate(PROMPTS, start=1)
    ]
    jsonl = "".join(json.dumps(line) + "\n" for line in lines).encode()
    uploaded = client.files.create(file=("prompts.jsonl", jsonl), purpose="batch")
    batch = client.batches.create(input_file_id=uploaded.id, endpoint="/v1/completions", completion_window="24h")
    deadline = time.monotonic() + BATCH_SECONDS
    while batch.status in {"validating", "in_progress", "finalizing"}:
        if time.monotonic() > deadline:
            raise DemoError(f"Batch {batch.id} is still {batch.status} after {BATCH_SECONDS:.0f} seconds.")
        time.sleep(POLL_SECONDS)
        batch = client.batches.retrieve(batch.id)
    if batch.status != "completed" or batch.output_file_id is None:
        raise DemoError(f"Batch {batch.id} ended as {batch.status}: {batch.errors}")
    return batch


def _show_results(client: OpenAI, batch: Batch, screen: Screen) -> None:
    assert batch.output_file_id is not None
    results = [json.loads(line) for line in client.files.content(batch.output_file_id).text.splitlines()]
    if sorted(result["custom_id"] for result in results) != [f"line-{n}" for n in range(1, len(PROMPTS) + 1)]:
        raise DemoError(f"Batch {batch.id} did not answer each line once.")
    screen.detail("batch", f"{batch.id}, {len(results)} lines")
    for result in sorted(results, key=lambda each: str(each["custom_id"]))[:SHOWN_RESULTS]:
        body = result["response"]["body"]
        prompt = PROMPTS[int(result["custom_id"].removeprefix("line-")) - 1]
        screen.detail(result["custom_id"], shorten(f"{prompt} ▸ {body['choices'][0]['text']}", SHOWN_CHARACTERS))
    charged = sum(result["response"]["body"]["usage"]["total_tokens"] for result in results)
    usage = batch.usage.total_tokens if batch.usage is not None else None
    if usage != charged:
        raise DemoError(f"The batch says {usage} tokens, its lines add up to {charged}.")
    screen.detail("tokens charged", charged)


def _mail_to(visitor: Browser, address: str, *words: str) -> str:
    """The text of the demo's mail page once a mail with these words to this address is there."""
    return _page_with(visitor, f"/demo/mail/?to={address}", *words, wanted=f"mail to {address} about {words[0]}")


def _page_with(visitor: Browser, path: str, *words: str, wanted: str) -> str:
    """The text of a page once it holds these words."""
    deadline = time.monotonic() + MAIL_SECONDS
    while time.monotonic() < deadline:
        text = visitor.open(path).text
        if all(word in text for word in words):
            return text
        time.sleep(POLL_SECONDS)
    raise DemoError(f"No {wanted} came within {MAIL_SECONDS:.0f} seconds.")
