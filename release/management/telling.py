"""The verbs of `manage.py release` that only tell: what there is, what changed, and the keys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.core.management.base import OutputWrapper
from django.utils import timezone

from access_portal.audit.models import Event
from access_portal.receipts.keys import new_private_key
from release.comparison import Comparison, compare
from release.drill import rehearse_withdrawal
from release.management.naming import name_of, release_named
from release.models import SHOWN_STATES, Release
from release.publisher_keys import published_keys, signature_problem
from release.staging import audit_subject
from release.wording import line_of


def list_releases(out: OutputWrapper, err: OutputWrapper, **_: Any) -> None:
    for release in Release.objects.select_related("variant__family").order_by("variant__model_id", "pk"):
        name = f"{release.variant.family.slug}/{release.variant.slug}"
        moment = release.published_at or release.publish_at
        when = f"{moment:%Y-%m-%d}" if moment else "-"
        out.write(f"{name}  {release.version}  {release.get_state_display()}  {when}  {release.commit or '-'}")


def show(out: OutputWrapper, err: OutputWrapper, *, model: str, version: str, **_: Any) -> None:
    release = release_named(model, version)
    for label, value in _facts(release):
        out.write(f"{label + ':':<12} {value}")
    for artifact in release.artifacts.all():
        out.write(f"  {artifact.sha256}  {artifact.path}  {artifact.size_bytes:,} bytes")
    for event in Event.objects.filter(subject=audit_subject(release)).select_related("actor").order_by("sequence"):
        line = line_of(event)
        out.write(f"  {line.at:%Y-%m-%d %H:%M}  {line.what}, by {line.who}" + (f": {line.more}" if line.more else ""))


def diff(out: OutputWrapper, err: OutputWrapper, *, model: str, version: str, other: str, **_: Any) -> None:
    comparison = compare(release_named(model, version), release_named(model, other))
    for line in _differences(comparison):
        out.write(line)


def drill(out: OutputWrapper, err: OutputWrapper, *, model: str, version: str, **_: Any) -> None:
    """A takedown in rehearsal, on record as such."""
    seen = rehearse_withdrawal(release=release_named(model, version), actor=None, now=timezone.now())
    out.write(f"Withdrawing {seen.release} at {seen.at:%Y-%m-%d %H:%M %Z} would mean (nothing was changed):")
    out.write(f"told         {seen.told_count} people who had a link to a file of it")
    for person in seen.told:
        out.write(f"             {person.username}  {person.email}")
    out.write(f"grants       {seen.grants_count} open it today and would not any more")
    for number in seen.grants:
        out.write(f"             {number}")
    until = f", the last of them until {seen.links_until:%H:%M:%S %Z}" if seen.links_until else ""
    out.write(f"links        {seen.links_count} are out and stay good{until}")
    for one in seen.stops:
        out.write(f"stops        {one.what}: {one.count}")
    out.write(f"instead      {name_of(seen.instead) if seen.instead else 'nothing'}")


def key(out: OutputWrapper, err: OutputWrapper, **_: Any) -> None:
    out.write(new_private_key())


def public(out: OutputWrapper, err: OutputWrapper, **_: Any) -> None:
    out.write(json.dumps(published_keys()))


def _facts(release: Release) -> Iterator[tuple[str, object]]:
    yield "Release", name_of(release)
    yield "State", release.get_state_display()
    yield "Licence", release.licence_version
    yield "Staged", f"{release.staged_at:%Y-%m-%d %H:%M} by {release.staged_by or 'the command line'}"
    if release.verified_at:
        yield "Verified", f"{release.verified_at:%Y-%m-%d %H:%M} by {release.verified_by or 'the command line'}"
    if release.publish_at:
        yield "Scheduled", f"{release.publish_at:%Y-%m-%d %H:%M %Z} by {release.scheduled_by or 'the command line'}"
    if release.state in SHOWN_STATES:
        yield "Published", f"{release.published_at:%Y-%m-%d %H:%M} by {release.published_by or 'the command line'}"
        yield "Commit", release.commit
        yield "Signature", _signature(release)
    if release.deprecated_at:
        instead = f" Instead: {name_of(release.successor)}." if release.successor else ""
        yield "Deprecated", release.deprecated_reason + instead
    if release.withdrawn_at:
        yield "Withdrawn", release.withdrawn_reason


def _signature(release: Release) -> str:
    if not release.signature:
        return "none; `release sign` makes one"
    problem = signature_problem(release)
    return "valid" if problem is None else problem.explanation


def _differences(found: Comparison) -> Iterator[str]:
    if found.licence_changed:
        yield f"licence     {found.before.licence_version} -> {found.after.licence_version}"
    for artifact in found.added:
        yield f"added       {artifact.path}  {artifact.size_bytes:,} bytes"
    for artifact in found.removed:
        yield f"removed     {artifact.path}  {artifact.size_bytes:,} bytes"
    for old, new in found.changed:
        yield f"changed     {new.path}  {old.size_bytes:,} -> {new.size_bytes:,} bytes"
    for one in found.parameters:
        yield f"parameter   {one.path}: {one.name}  {one.before or 'none'} -> {one.after or 'none'}"
    for path in found.unread:
        yield f"unread      {path} differs, and cannot be read"
    yield f"the same    {found.same_count} files"
