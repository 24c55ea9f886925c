"""Manifest, signature and keys of a release: fetched, believed or not, and kept beside the files for later."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from . import manifest, record_files, signature
from .errors import ManifestError, SignatureError
from .folder import disk_errors
from .manifest import MAX_MANIFEST_BYTES, Manifest
from .pins import Pins
from .session import Portal
from .shapes import ReleaseFacts

MANIFEST, SIGNATURE, KEYS = "manifest.json", "manifest.jws", "keys.json"


@dataclass(frozen=True)
class Evidence:
    """The three files, byte for byte."""

    manifest: bytes
    signature: bytes
    keys: bytes

    def believed(self) -> tuple[Manifest, str]:
        """The manifest, and the thumbprint of the key that signed it; raises SignatureError or ManifestError."""
        statement = signature.verify(self.manifest, self.signature, self.keys)
        content = manifest.decode(self.manifest)
        if (statement.model, statement.version) != (content.model, content.version):
            raise SignatureError(
                "signature_invalid",
                f"The signature is for {statement.model} {statement.version}, the manifest is of another release.",
                "Do not use these files; tell the publisher.",
            )
        return content, signature.signer(self.signature)

    def save(self, folder: Path) -> None:
        """Raises NoSpaceError or RefusedError."""
        with disk_errors(folder):
            for name, content in ((MANIFEST, self.manifest), (SIGNATURE, self.signature), (KEYS, self.keys)):
                record_files.replace(folder / name, content)


def kept(folder: Path) -> Evidence:
    """As saved in this folder; raises ManifestError where one of the three is missing."""
    contents = []
    for name in (MANIFEST, SIGNATURE, KEYS):
        try:
            contents.append(record_files.read(folder / name, MAX_MANIFEST_BYTES + 1))
        except OSError:
            raise ManifestError(
                "evidence_missing",
                f"{folder} does not hold {name}, so there is nothing to check the files against.",
                "`gatehouse download` into the same folder fetches it and keeps the files that are sound.",
            ) from None
    return Evidence(*contents)


def fetch(portal: Portal, facts: ReleaseFacts) -> Evidence:
    paths = (facts.manifest_path, facts.signature_path, facts.keys_path)
    return Evidence(*(portal.get_bytes(path) for path in paths))


def require_pinned(evidence: Evidence, pins: Pins, server: str, *, accept_new: bool) -> list[str]:
    """Hold the keys against those seen at the first visit; what a person should hear about them.

    Raises SignatureError when the release is signed with a key that was not among them, unless that was accepted.
    """
    shown, known = signature.thumbprints(evidence.keys), pins.of(server)
    if not known:
        pins.keep(server, shown)
        return [f"The publisher's keys of {server} are remembered from now on: {_list(shown)}."]
    used = signature.signer(evidence.signature)
    if used not in known and not accept_new:
        raise SignatureError(
            "keys_changed",
            f"This release is signed with the key {used}, which {server} did not show before.",
            "Ask the publisher, not by way of this server, whether the key is theirs. If it is, add --accept-new-keys.",
        )
    if used not in known or (accept_new and shown != known):
        pins.keep(server, known | shown)
        return [f"Accepted as the publisher's: {_list(shown - known)}."]
    if shown != known:
        return [f"The publisher's keys changed: new {_list(shown - known)}, gone {_list(known - shown)}."]
    return []


def _list(thumbprints: frozenset[str]) -> str:
    return ", ".join(sorted(thumbprints)) or "none"
