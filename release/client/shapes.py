"""What the portal's API tells of models and releases, read with distrust: another shape is no answer of Gatehouse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .errors import SignatureError
from .manifest import LARGEST_FILE_BYTES
from .model_name import LATEST, ModelName, parse
from .paths import path_problem
from .problems import not_gatehouse
from .session import Portal
from .wording import printable


@dataclass(frozen=True)
class Access:
    """Whether the person may have it, and else why not and what helps."""

    allowed: bool
    code: str
    explanation: str
    remedy: str
    url: str


@dataclass(frozen=True)
class Model:
    """A line of the list of models."""

    model: str
    name: str
    latest: str | None
    bytes: int
    layouts: tuple[str, ...]
    access: Access


@dataclass(frozen=True)
class ReleaseFacts:
    """Of one release; where its manifest, signature and keys are, as paths on the same server."""

    name: ModelName
    model_id: str
    folder: str  # what Meta calls it on disk: 7B
    state: str
    manifest_path: str
    signature_path: str
    keys_path: str
    notices: tuple[str, ...]
    withdrawn: str | None
    access: Access


def models(portal: Portal) -> list[Model]:
    """All that the server shows."""
    rows = portal.get("/portal/v1/models").get("data")
    if not isinstance(rows, list):
        raise not_gatehouse(portal.server, "a list of models of another shape")
    return [_model(portal, row) for row in rows]


def release(portal: Portal, name: ModelName) -> ReleaseFacts:
    """Facts of this release, or of the newest when no version is named; `name` in them always names one."""
    told = portal.get(f"/portal/v1/releases/{name.path}")
    version = _text(portal, told, "version")
    found = ModelName(name.family, name.variant, version)
    parse(str(found))  # it becomes part of addresses
    if name.version not in (LATEST, version):
        raise not_gatehouse(portal.server, f"version {printable(version)} for {name}")
    withdrawn = told.get("withdrawn")
    _require_signature(found, told)
    return ReleaseFacts(
        name=found,
        model_id=_text(portal, told, "model_id"),
        folder=_folder(told.get("folder"), name.variant),
        state=_text(portal, told, "state"),
        manifest_path=_path(portal, told, "manifest_url"),
        signature_path=_path(portal, told, "signature_url"),
        keys_path=_path(portal, told, "keys_url"),
        notices=_notices(found, told.get("deprecated")),
        withdrawn=_reason(withdrawn) if isinstance(withdrawn, dict) else None,
        access=_access(told.get("access")),
    )


def _model(portal: Portal, row: Any) -> Model:
    if not isinstance(row, dict):
        raise not_gatehouse(portal.server, "a list of models of another shape")
    latest = row.get("latest")
    releases = row.get("releases")
    releases = [each for each in releases if isinstance(each, dict)] if isinstance(releases, list) else []
    newest: dict[str, Any] = next((each for each in releases if each.get("version") == latest), {})
    count, layouts = newest.get("bytes"), newest.get("layouts")
    return Model(
        model=printable(_text(portal, row, "model")),
        name=printable(row.get("name") or row["model"]),
        latest=printable(latest) if isinstance(latest, str) else None,
        bytes=count if type(count) is int and 0 <= count <= LARGEST_FILE_BYTES else 0,
        layouts=tuple(printable(each) for each in layouts) if isinstance(layouts, list) else (),
        access=_access(row.get("access")),
    )


def _access(told: Any) -> Access:
    content = told if isinstance(told, dict) else {}
    texts = {name: printable(content.get(name) or "") for name in ("code", "explanation", "remedy", "url")}
    return Access(allowed=content.get("allowed") is True, **texts)


def _require_signature(name: ModelName, told: Mapping[str, Any]) -> None:
    """Raises SignatureError for a release of a time when they were not signed."""
    if told.get("signature_url", "") is None:
        raise SignatureError(
            "release_unsigned",
            f"{name} was published without a signature, so it cannot be told from an altered one.",
            "Ask the publisher for a newer release, or fetch its files from the page of the model.",
        )


def _text(portal: Portal, told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    if not isinstance(value, str) or not value:
        raise not_gatehouse(portal.server, f"facts that lack {name}")
    return value


def _path(portal: Portal, told: Mapping[str, Any], name: str) -> str:
    """On the server that we speak to, by whatever name it calls itself: `x:http://other/` has no path on a server."""
    try:
        path = urlsplit(_text(portal, told, name)).path
    except ValueError:
        path = ""
    if not path.startswith("/"):
        raise not_gatehouse(portal.server, f"{name} that is no address")
    return path


def _folder(told: Any, variant: str) -> str:
    sound = isinstance(told, str) and "/" not in told and not path_problem(told)
    return str(told) if sound else variant.upper()


def _notices(name: ModelName, told: Any) -> tuple[str, ...]:
    if not isinstance(told, dict):
        return ()
    successor = f" Its successor is {told['successor']}." if told.get("successor") else ""
    return (printable(f"{name} is deprecated: {_reason(told)}.{successor}"),)


def _reason(told: Mapping[str, Any]) -> str:
    """As the end of a sentence, which gets its full stop from us."""
    return printable(told.get("reason") or "no reason is told").strip().removesuffix(".")
