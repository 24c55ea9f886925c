"""What the API takes: one shape for each command, so that the OpenAPI document says what each needs."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any

from ninja import Schema
from pydantic import AfterValidator, AwareDatetime, Field

Text = Field(max_length=20_000)


def _in_reach(at: datetime) -> datetime:
    """In UTC; at the ends of the calendar there is none."""
    if not 1970 <= at.year < 9999:
        raise ValueError("that time is too far away")
    return at.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_in_reach)]  # a time without a zone would be anybody's guess


class Versioned(Schema):
    """The version of the case or grant that the caller has seen: 409 `stale_version` when there is a newer one."""

    version: int


class Empty(Schema):
    """Nothing more to say."""


class Start(Schema):
    family: str = Field(max_length=50, description="the slug of the model family")
    previous: str = Field("", max_length=20, description="an earlier application whose answers to begin with")


class Save(Versioned):
    answers: dict[str, Any] = Field(description="answers by the name of the question; those left out stay")


class Send(Versioned):
    licence_version_id: int
    shown_sha256: str = Field(min_length=64, max_length=64, description="of the licence text that was read")


class Resend(Send):
    replies: dict[int, str] = Field({}, description="what to say to each request, by its id")


class Words(Schema):
    text: str = Text


class VersionedWords(Versioned):
    text: str = Text


class AskItem(Schema):
    text: str = Text
    question: str = Field("", max_length=60, description="the name of the question it is about")


class RequestInfo(Versioned):
    asks: list[AskItem] = Field(max_length=50)
    due_at: Moment | None = None


class HandOver(Versioned):
    to: str = Field(max_length=39, description="the user name of a colleague")


class Opine(Schema):
    verdict: str = Field(max_length=20)
    text: str = Text


class Recommend(Versioned):
    verdict: str = Field(max_length=20)
    text: str = Text
    checked: list[str] = Field([], max_length=100)
    code: str = Field("", max_length=40)
    doubt: bool = False


class Approve(Versioned):
    duration_months: int
    token_quota: int = 0
    bytes_per_day: int | None = Field(None, description="of downloads; null: as the house has it")
    may_download: bool = True
    may_infer: bool = True
    variants: list[str] = Field([], max_length=100)
    whole_family: bool = False
    lab_name: str = Field("", max_length=200)
    reason: str = Text
    checked: list[str] = Field([], max_length=100)


class RefuseFixable(Versioned):
    code: str = Field(max_length=40)
    text: str = Text
    what_to_change: str = Text
    retry_from: date | None = None


class ProposeFinal(Versioned):
    code: str = Field(max_length=40)
    text: str = Text


class SetHold(Versioned):
    ground: str = Text
    recheck_at: Moment


class DecideAppeal(Versioned):
    upheld: bool
    ground: str = Text


class Reason(Versioned):
    reason: str = Text


class Statement(Versioned):
    statement: str = Text


class Suspend(Reason):
    review_at: Moment | None = None


class Invite(Versioned):
    name: str = Field(max_length=200)
    email: str = Field(max_length=254)
