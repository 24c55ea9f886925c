"""The links of the access policy's chain that are about one grant: its life, its reach, the licence behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.grants.consent import consent_of
from access_portal.grants.facts import Fact, stopped
from access_portal.grants.models import Grant, Stop
from access_portal.grants.questions import Action, Model

State = Grant.State


def held(actor: User, grant: Grant) -> Fact:
    """The person has this grant, as its holder or as a member of its lab."""
    names = {"number": grant.number, "lab": grant.lab_name}
    if grant.holder_id == actor.pk:
        text = _("You hold grant %(number)s.") % names
    else:
        text = _("You are a member of %(lab)s, whose grant is %(number)s.") % names
    return Fact("not_applied", True, text, path=reverse("my_grants"), grant=grant)


def life(actor: User, grant: Grant, stops: Iterable[Stop], now: datetime) -> Iterator[Fact]:
    """Whether a grant lives at `now`. Dates count whatever the state says: no timer has to run first.

    The end is told before a suspension, which nobody can lift any more.
    """
    yield _not_stopped(grant, stops)
    yield _not_given_up(grant)
    yield _not_ended(grant, now)
    yield _not_suspended(grant)
    yield _begun(grant, now)
    if grant.holder_id != actor.pk:
        yield _answered_for(grant)


def reach(grant: Grant, action: Action, model: Model) -> Iterator[Fact]:
    """Whether a grant covers this size, and this use of it."""
    covered = grant.whole_family or grant.variants.filter(pk=model.variant_id).exists()
    names = {"number": grant.number, "model": model.name}
    yield Fact(
        "variant_not_in_scope",
        covered,
        (_("It covers %(model)s.") if covered else _("Your grant %(number)s does not cover %(model)s.")) % names,
        _("Apply again and name the sizes that you need."),
        reverse("apply", args=[model.family_slug]),
    )
    yield allows_downloads(grant) if action == Action.DOWNLOAD else allows_inference(grant)


def allows_downloads(grant: Grant) -> Fact:
    refused = _("Your grant %(number)s covers running the model here, not downloading it.")
    return Fact(
        "download_not_in_scope",
        grant.may_download,
        _("It allows downloads.") if grant.may_download else refused % {"number": grant.number},
        _("Use the inference API, or ask for downloads in a new application."),
        reverse("my_grants"),
    )


def allows_inference(grant: Grant) -> Fact:
    refused = _("Your grant covers downloading the model, not running it here.")
    return Fact(
        "inference_not_in_scope",
        grant.may_infer,
        _("It allows running models here.") if grant.may_infer else refused,
        _("Ask for inference in a new application."),
        reverse("my_grants"),
    )


def accepted_licence(actor: User, model: Model, now: datetime) -> Fact:
    """A right needs each person's own acceptance of the text that the release was published under, or of a later one.

    Only the current text can be accepted: without the second half, whoever comes after a new text could never use
    what was released before it. A newer text that asks to be accepted by a date has to be, from that date on.
    """
    consent = consent_of(actor, model.licence_version_id, now)
    text, accepted, required = consent.text, consent.accepted, consent.required
    path = reverse("licence_version", args=[consent.current.pk])
    if accepted is None:
        said = _("You have not accepted the licence of %(model)s yourself.") % {"model": model.name}
        return Fact("not_accepted_by_you", False, said, _("Read it and accept it; your grant stays as it is."), path)
    remedy = _("Read the current version and accept it; your grant stays as it is.")
    if accepted.published_at < text.published_at:
        said = _("%(model)s is released under a licence version that you have not accepted.") % {"model": model.name}
        return Fact("licence_outdated", False, said, remedy, path)
    if required is not None and accepted.published_at < required.published_at:
        said = _("The licence of %(model)s has changed, and the time to accept the new text is over.")
        return Fact("licence_outdated", False, said % {"model": model.name}, remedy, path)
    said = _("You accepted version %(number)s of its licence.") % {"number": accepted.number}
    return Fact("licence_outdated", True, said, path=path)


def _not_stopped(grant: Grant, stops: Iterable[Stop]) -> Fact:
    stop = next((stop for stop in stops if _covers(stop, grant)), None)
    return stopped(stop) if stop else Fact("stopped", True, _("Nothing that this rests on is stopped."))


def _covers(stop: Stop, grant: Grant) -> bool:
    """Stopping a person stops the grants that they answer for, and so their lab."""
    match stop.scope:
        case Stop.Scope.PERSON:
            return stop.user_id == grant.holder_id
        case Stop.Scope.LAB:
            return stop.grant_id == grant.pk
        case Stop.Scope.FAMILY:
            return stop.family_id == grant.family_id
        case _:
            return True


def _not_given_up(grant: Grant) -> Fact:
    names = {"number": grant.number, "reason": grant.state_reason}
    where = reverse("my_grants")
    if grant.state == State.REVOKED:
        said = _("Your grant %(number)s was revoked: %(reason)s") % names
        return Fact("grant_revoked", False, said, _("Its page says more."), where)
    if grant.state == State.SURRENDERED:
        said = _("You gave your grant %(number)s back.") % names
        return Fact("grant_surrendered", False, said, _("Apply again if you need the model once more."), where)
    if grant.state == State.SUPERSEDED:
        said = _("Your grant %(number)s was replaced by a later one.") % names
        return Fact("grant_superseded", False, said, _("Its page says by which."), where)
    return Fact("grant_revoked", True, _("Nobody revoked it or gave it back."), path=where)


def _not_ended(grant: Grant, now: datetime) -> Fact:
    ended = grant.state == State.EXPIRED or now >= grant.ends_at
    said = _("Your grant %(number)s ended on %(date)s.") if ended else _("It lasts until %(date)s.")
    names = {"number": grant.number, "date": date_format(grant.ends_at)}
    return Fact("grant_expired", not ended, said % names, _("Apply again to renew it."), reverse("my_grants"))


def _not_suspended(grant: Grant) -> Fact:
    active = grant.state != State.SUSPENDED
    said = _("It is not suspended.") if active else _("Your grant %(number)s is suspended: %(reason)s")
    names = {"number": grant.number, "reason": grant.state_reason}
    return Fact("grant_suspended", active, said % names, _("Its page says what happens next."), reverse("my_grants"))


def _begun(grant: Grant, now: datetime) -> Fact:
    begun = now >= grant.starts_at
    said = _("It began on %(date)s.") if begun else _("Your grant %(number)s begins on %(date)s.")
    names = {"number": grant.number, "date": date_format(grant.starts_at)}
    return Fact("grant_not_started", begun, said % names, _("Try again then."), reverse("my_grants"))


def _answered_for(grant: Grant) -> Fact:
    """A lab's grant rests on somebody who answers for it."""
    there = grant.holder.is_active
    names = {"number": grant.number, "holder": grant.holder}
    said = _("%(holder)s answers for it.") if there else _("Nobody answers for grant %(number)s at the moment.")
    return Fact("lab_without_holder", there, said % names, _("Ask your lab to write to us."), reverse("my_grants"))
