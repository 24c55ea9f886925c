"""Reads for the API and the pages of jobs. An object of another person does not exist here."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.errors import InvalidError
from access_portal.grants.models import Grant
from access_portal.grants.queries import rights_of
from inference_worker.errors import BatchNotFoundError, ModelNotFoundError, StoredFileNotFoundError
from inference_worker.models import Batch, StoredFile
from release.models import Release
from release.queries import published_release

OBJECT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
MODEL_ID = re.compile(r"[A-Za-z0-9._-]{1,96}")
Row = TypeVar("Row", StoredFile, Batch)


@dataclass(frozen=True)
class Quota:
    """Tokens of one or more grants; `ends_at` is when the last of them ends."""

    limit: int
    used: int
    reserved: int
    ends_at: datetime | None

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used - self.reserved)


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows of a list, and whether more follow."""

    rows: list[Row]
    has_more: bool


# Models


def model_release(model_id: str) -> Release:
    """The release that a model's name stands for now; raises ModelNotFoundError."""
    release = published_release(model_id) if MODEL_ID.fullmatch(model_id) else None
    if release is None:
        raise ModelNotFoundError
    return release


# Quota


def quota(user: User, now: datetime) -> Quota:
    """What all grants that run models at `now` hold together; a figure to show, which decides nothing."""
    live = grants_with_inference(user).filter(state=Grant.State.ACTIVE, starts_at__lte=now, ends_at__gt=now)
    each = [grant_quota(grant) for grant in live]
    return Quota(
        limit=sum(one.limit for one in each),
        used=sum(one.used for one in each),
        reserved=sum(one.reserved for one in each),
        ends_at=max((one.ends_at for one in each if one.ends_at is not None), default=None),
    )


def grants_with_inference(user: User) -> QuerySet[Grant]:
    """A person's own, and those of their labs: a lab shares one quota."""
    return rights_of(user).filter(may_infer=True).select_related("family", "quota_account")


def grant_quota(grant: Grant) -> Quota:
    account = getattr(grant, "quota_account", None)  # made with the first reservation
    return Quota(
        limit=grant.token_quota,
        used=0 if account is None else account.settled_tokens,
        reserved=0 if account is None else account.reserved_tokens,
        ends_at=grant.ends_at,
    )


# Files and batches


def visible_files(user: User, now: datetime) -> QuerySet[StoredFile]:
    """Files that exist for their owner: neither deleted nor past their end, nor inputs of interactive requests."""
    unexpired = Q(expires_at=None) | Q(expires_at__gt=now)
    return StoredFile.objects.filter(unexpired, owner=user, listed=True, deleted_at=None)


def get_file(user: User, file_id: str, now: datetime) -> StoredFile:
    """Raises StoredFileNotFoundError."""
    found = visible_files(user, now).filter(pk=file_id).first() if OBJECT_ID.fullmatch(file_id) else None
    if found is None:
        raise StoredFileNotFoundError
    return found


def batches_of(user: User) -> QuerySet[Batch]:
    """What a person submitted as batches; interactive requests are not among them."""
    return Batch.objects.filter(owner=user, lane=Batch.Lane.BATCH).select_related(
        "release__variant", "owner", "input_file", "output_file", "error_file"
    )


def get_batch(user: User, batch_id: str) -> Batch:
    """Raises BatchNotFoundError."""
    found = batches_of(user).filter(pk=batch_id).first() if OBJECT_ID.fullmatch(batch_id) else None
    if found is None:
        raise BatchNotFoundError
    return found


def files_of(batch: Batch, now: datetime) -> dict[str, StoredFile]:
    """The files of a batch that can still be read: `input`, `output`, `error`."""
    linked = {"input": batch.input_file, "output": batch.output_file, "error": batch.error_file}
    readable = visible_files(batch.owner, now).in_bulk([file.pk for file in linked.values() if file is not None])
    return {kind: file for kind, file in linked.items() if file is not None and file.pk in readable}


def moments(batch: Batch) -> list[tuple[str, datetime]]:
    """The states that a batch was in, and since when, in order."""
    reached = [(_("Submitted"), batch.created_at)]
    for state in Batch.State:
        moment = getattr(batch, f"{state}_at", None)  # `validating` begins with the submission
        if moment is not None:
            reached.append((str(state.label), moment))
    return sorted(reached, key=lambda entry: entry[1])


def page_of_files(
    user: User, now: datetime, *, after: str | None, limit: int, newest_first: bool, purpose: str | None
) -> Page[StoredFile]:
    """Raises InvalidError for an `after` that was never this person's; a deleted file still marks its place."""
    rows = visible_files(user, now)
    if purpose is not None:
        rows = rows.filter(purpose=purpose)
    places = StoredFile.objects.filter(owner=user, listed=True)
    return _page(rows, places, after, limit, newest_first)


def page_of_batches(user: User, *, after: str | None, limit: int) -> Page[Batch]:
    """Newest first; raises InvalidError for an `after` that was never this person's."""
    return _page(batches_of(user), batches_of(user), after, limit, newest_first=True)


def _page(rows: QuerySet[Row], places: QuerySet[Row], after: str | None, limit: int, newest_first: bool) -> Page[Row]:
    """The order is total, by time and then id, so that no row is left out or told twice."""
    if after is not None:
        rows = rows.filter(_beyond(_place(places, after), newest_first))
    order = ("-created_at", "-pk") if newest_first else ("created_at", "pk")
    found = list(rows.order_by(*order)[: limit + 1])
    return Page(found[:limit], has_more=len(found) > limit)


def _place(places: QuerySet[Row], after: str) -> Row:
    found = places.filter(pk=after).first() if OBJECT_ID.fullmatch(after) else None
    if found is None:
        raise InvalidError("invalid_value", "after names nothing in this list.", field="after")
    return found


def _beyond(place: StoredFile | Batch, newest_first: bool) -> Q:
    compare: Callable[[str], str] = lambda name: f"{name}__{'lt' if newest_first else 'gt'}"  # noqa: E731
    later_id = Q(**{"created_at": place.created_at, compare("pk"): place.pk})
    return Q(**{compare("created_at"): place.created_at}) | later_id
