"""Making download links: one file, one person, fifteen minutes at most, asked of the policy at that very moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.grants.models import Grant
from access_portal.grants.policy import Action, Actor, require
from release.client.paths import path_problem
from release.counting import Asker, count_bytes
from release.errors import ReleaseNotFoundError
from release.models import Artifact, Mint, Release
from release.queries import policy_model
from release.signers.chosen import weights_signer

LONGEST_SECONDS = 900
# Shared locks, so that links are made side by side: on every grant that may open the door, and on the release.
HELD = """
WITH rights AS (
    SELECT id FROM grants_grant
    WHERE family_id = %s AND (holder_id = %s OR id IN (SELECT grant_id FROM grants_grantmember WHERE user_id = %s))
    ORDER BY id FOR SHARE
)
SELECT state, (SELECT count(*) FROM rights) FROM release_release WHERE id = %s FOR SHARE
"""


@dataclass(frozen=True)
class Link:
    """A link that anyone who has it can use until `expires_at`; it is never mailed and never logged."""

    path: str
    url: str
    size_bytes: int
    sha256: str
    expires_at: datetime


def mint(
    *,
    actor: Actor,
    release: Release,
    path: str,
    known: Iterable[Artifact] = (),
    address: str | None,
    user_agent: str,
    via: Mint.Via | str = "",
    now: datetime,
) -> Link:
    """Make a link to one file, as `mint_each` does for several."""
    asked = [path]
    return mint_each(
        actor=actor, release=release, paths=asked, known=known, address=address, user_agent=user_agent, via=via, now=now
    )[0]


def mint_each(
    *,
    actor: Actor,
    release: Release,
    paths: Sequence[str],
    known: Iterable[Artifact] = (),
    address: str | None,
    user_agent: str,
    via: Mint.Via | str = "",
    now: datetime,
) -> list[Link]:
    """Make a link to each of these files, or to none. The row of each is the record of it: for whom, under which grant.

    `known` are files of the release that the caller has read already, so that they are not read again.
    Raises PermissionRefusedError in the policy's words before anything is told about the files, ReleaseNotFoundError
    for a file that the release does not have, DailyBytesUsedError when the grant has no bytes left for today.
    """
    with transaction.atomic():
        grant = _granted(actor, release, now)
        assert isinstance(actor, User)
        artifacts = find_artifacts(release, paths, known)
        counted = count_bytes(Asker(actor, grant, address), artifacts, now)
        seconds = lifetime_seconds(grant, now)
        expires_at = now.replace(microsecond=0) + timedelta(seconds=seconds)
        Mint.objects.bulk_create(
            Mint(
                artifact=artifact, user=actor, grant=grant, minted_at=now, expires_at=expires_at, address=address,
                user_agent=_printable(user_agent), via=via, counted_bytes=counted.get(artifact.pk, 0),
            )
            for artifact in artifacts
        )  # fmt: skip
    return [_signed(artifact, seconds, expires_at, now) for artifact in artifacts]


def find_artifacts(release: Release, paths: Sequence[str], known: Iterable[Artifact] = ()) -> list[Artifact]:
    """The files at exactly these paths, each once, in the order asked for; raises ReleaseNotFoundError."""
    wanted = list(dict.fromkeys(paths))
    found = {each.path: each for each in known if each.release_id == release.pk}
    unread = [path for path in wanted if path not in found and not path_problem(path)]
    if unread:
        found |= {each.path: each for each in release.artifacts.filter(path__in=unread)}
    if any(path not in found for path in wanted):
        raise ReleaseNotFoundError(
            "file_not_found", _("%s has no such file.") % release, _("Its page lists all of its files.")
        )
    return [found[path] for path in wanted]


def lifetime_seconds(grant: Grant, now: datetime) -> int:
    """How long a link may live: as set, at most fifteen minutes, and never beyond the grant's end.

    Counted from the full second before `now`, from which a signature counts as well; 0 in the last second of a grant.
    """
    left = int((grant.ends_at - now.replace(microsecond=0)).total_seconds())
    return min(settings.DOWNLOAD_URL_SECONDS, LONGEST_SECONDS, left)


def _signed(artifact: Artifact, seconds: int, expires_at: datetime, now: datetime) -> Link:
    """Signed once the record is kept: no lock is held meanwhile, and no link is without a record."""
    name = PurePosixPath(artifact.path).name
    url = weights_signer().link(artifact.storage_key, filename=name, seconds=seconds, now=now)
    return Link(artifact.path, url, artifact.size_bytes, artifact.sha256, expires_at)


def _granted(actor: Actor, release: Release, now: datetime) -> Grant:
    """The grant that this rests on, held, and the release read afresh.

    A revocation or withdrawal that was committed before is seen, one that comes later waits for this link; so does
    the removal of a lab's member, which locks the grant. Links are made side by side.
    """
    release.state = _held_state(actor, release)
    model = policy_model(release)
    grant = require(actor, Action.DOWNLOAD, model, now).grant
    assert grant is not None
    if lifetime_seconds(grant, now) < 1:  # no link is that short, so ask as of the end
        grant = require(actor, Action.DOWNLOAD, model, grant.ends_at).grant
        assert grant is not None
    return grant


def _held_state(actor: Actor, release: Release) -> str:
    """The state now, held with all that may open the door until the transaction ends; SQLite has one writer anyway."""
    person, family = getattr(actor, "pk", None), release.variant.family_id
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(HELD, [family, person, person, release.pk])
        else:
            cursor.execute("SELECT state FROM release_release WHERE id = %s", [release.pk])
        return str(cursor.fetchone()[0])


def _printable(user_agent: str) -> str:
    return "".join(character for character in user_agent if character.isprintable())[:200]
