"""A small ORCID on this machine: sign-in page, tokens for codes, public records; and ways to misbehave."""

from __future__ import annotations

import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

CLIENT_ID, CLIENT_SECRET = "APP-TEST", "a-secret-of-tests"
ADA = "0000-0002-1825-0097"
OTHER = "0000-0001-5109-3700"


class FakeOrcid(ThreadingHTTPServer):
    """`orcid` is who signs in next; `fault` is what goes wrong, see the uses of it below."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Desk)
        self.orcid, self.name, self.fault = ADA, "Ada Lovelace", ""
        self.codes: dict[str, tuple[str, str]] = {}  # code -> iD and redirect address
        self.asked: list[str] = []
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def domain(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class Desk(BaseHTTPRequestHandler):
    server: FakeOrcid

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        self.server.asked.append(address.path)
        if address.path == "/oauth/authorize":
            self.authorize({name: values[0] for name, values in parse_qs(address.query).items()})
        else:
            self.record(address.path)

    def authorize(self, query: dict[str, str]) -> None:
        assert query["client_id"] == CLIENT_ID
        assert query["scope"] == "/authenticate"
        assert query["response_type"] == "code"
        code = secrets.token_hex(3)
        self.server.codes[code] = (self.server.orcid, query["redirect_uri"])
        said = {"error": "access_denied"} if self.server.fault == "denied" else {"code": code}
        self.send_response(302)
        self.send_header("Location", f"{query['redirect_uri']}?{urlencode({**said, 'state': query['state']})}")
        self.end_headers()

    def record(self, path: str) -> None:
        orcid = OTHER if self.server.fault == "other_record" else path.split("/")[2]
        name = {"given-names": {"value": self.server.name}, "family-name": None}
        mail = {"email": [{"email": "ada@uni.example", "verified": True, "primary": True}]}
        body = {"orcid-identifier": {"path": orcid}, "person": {"name": name, "emails": mail, "biography": "Long."}}
        self.say(503 if self.server.fault == "record" else 200, body)

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        given = {name: values[0] for name, values in form.items()}
        orcid, redirect = self.server.codes.pop(given.get("code", ""), ("", ""))
        honest = orcid and redirect == given["redirect_uri"] and given["client_secret"] == CLIENT_SECRET
        if not honest or self.server.fault == "token":
            self.say(400, {"error": "invalid_grant"})
        elif self.server.fault == "token_text":
            self.say(200, b'{"access_token"')
        else:
            wrong = {"no_id": None, "path_id": "../../x"}
            self.say(200, {"access_token": "t", "token_type": "bearer", "orcid": wrong.get(self.server.fault, orcid)})

    def say(self, status: int, body: Any) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_args: Any) -> None:
        """Quiet."""
