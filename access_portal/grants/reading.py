"""What the pages about grants show: a person's own, one with its people and history, and the office's lists."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from access_portal.accounts.models import User
from access_portal.audit.models import Event
from access_portal.grants.models import LIVE_STATES, Grant, GrantMember, Renewal, Revocation, Transfer
from access_portal.grants.queries import grants_of, rights_of
from access_portal.grants.standing import not_found
from access_portal.grants.wording import DOWNLOADS, INTERNAL, Entry, entry

SHOWN_EVENTS = 200
LISTS = ("live", "ending", "suspended", "renewals", "revocations", "transfers", "attesting", "all")
SOON = timedelta(days=45)
LONGEST_SEARCH = 100


def with_facts(grants: QuerySet[Grant]) -> QuerySet[Grant]:
    """With what a page shows of each."""
    related = ("holder", "family__weights_licence", "licence_version__licence", "application", "given_by", "supersedes")
    return grants.select_related(*related).prefetch_related("variants", "superseded_by")


def my_grants(user: User) -> list[Grant]:
    """What a person holds, and the labs they are a member of, newest first."""
    held = list(with_facts(grants_of(user)))
    shared = with_facts(rights_of(user).exclude(holder=user))
    return sorted([*held, *shared], key=lambda grant: (grant.starts_at, grant.pk), reverse=True)


def my_grant(user: User, number: str) -> Grant:
    """A grant that this person holds or is a member of; raises NotFoundError."""
    found = with_facts(rights_of(user)).filter(number=number).first()
    if found is None:
        raise not_found(number)
    return found


def any_grant(number: str) -> Grant:
    """For the office; raises NotFoundError."""
    found = with_facts(Grant.objects.all()).filter(number=number).first()
    if found is None:
        raise not_found(number)
    return found


def places_of(grant: Grant) -> list[GrantMember]:
    """Who is of the lab or invited to it now."""
    places = grant.members.filter(removed_at=None).exclude(joined_at=None, email="")  # an invitation long over
    places = places.select_related("user", "acceptance__version__licence")
    return list(places.order_by("-joined_at", "invited_at", "pk"))


def gone_from(grant: Grant) -> list[GrantMember]:
    """Who was of the lab once."""
    places = grant.members.filter(removed_at__isnull=False, joined_at__isnull=False)
    return list(places.select_related("user", "removed_by").order_by("removed_at", "pk"))


def history(grant: Grant, reader: User, *, for_office: bool) -> list[Entry]:
    """What happened to a grant, newest first; each download has its line in the access log instead."""
    events = Event.objects.filter(subject=grant.subject).exclude(name=DOWNLOADS).select_related("actor")
    if not for_office:
        events = events.exclude(name__in=INTERNAL)
    newest = events.order_by("-sequence")[:SHOWN_EVENTS]
    return [entry(event, grant, reader, for_office=for_office) for event in newest]


def last_renewal(grant: Grant) -> Renewal | None:
    return grant.renewals.order_by("-asked_at", "-pk").first()


def open_transfer(grant: Grant) -> Transfer | None:
    return grant.transfers.filter(state=Transfer.State.ASKED).select_related("to", "asked_by").first()


def grants_for_office(which: str, search: str, now: datetime) -> QuerySet[Grant]:
    """One of `LISTS`, narrowed to what somebody typed: a number, a person, a lab, a family."""
    grants = _searched(_listed(which, now), search.strip()[:LONGEST_SEARCH])
    asked = Renewal.objects.filter(grant=OuterRef("pk"), state=Renewal.State.ASKED)
    grants = grants.annotate(
        renewal_asked=Exists(asked), revocation_open=Exists(_unanswered().filter(grant=OuterRef("pk")))
    )
    order = "ends_at" if which in ("live", "ending") else "-starts_at"
    return grants.select_related("holder", "family").order_by(order, "pk")


def counts(now: datetime) -> dict[str, int]:
    """How many grants each list that calls for an act holds, in one query."""
    wanted = {which: Count("pk", filter=kind) for which, kind in _kinds(now).items() if which != "live"}
    return _shown().aggregate(**wanted)


def revocations_to_answer() -> QuerySet[Revocation]:
    """Those that wait for a second person, the urgent ones first."""
    rows = _unanswered().filter(grant__state__in=LIVE_STATES)
    return rows.select_related("grant__holder", "grant__family", "proposed_by").order_by("-emergency", "proposed_at")


def answered_revocations() -> QuerySet[Revocation]:
    """The latest that are over, with their outcome."""
    over = Q(ratified_at__isnull=False) | Q(declined_at__isnull=False) | Q(lapsed_at__isnull=False)
    rows = Revocation.objects.filter(over).select_related(
        "grant__holder", "grant__family", "proposed_by", "ratified_by", "declined_by"
    )
    return rows.order_by("-proposed_at", "-pk")


def _unanswered() -> QuerySet[Revocation]:
    return Revocation.objects.filter(ratified_at=None, declined_at=None, lapsed_at=None)


def _shown() -> QuerySet[Grant]:
    return Grant.objects.exclude(state=Grant.State.UNDONE)


def _kinds(now: datetime) -> dict[str, Q]:
    """What belongs into each list but that of all."""
    live = Q(state__in=LIVE_STATES, ends_at__gt=now)
    return {
        "live": live,
        "ending": live & Q(ends_at__lte=now + SOON),
        "suspended": live & Q(state=Grant.State.SUSPENDED),
        "renewals": Q(pk__in=Renewal.objects.filter(state=Renewal.State.ASKED).values("grant")),
        "revocations": live & Q(pk__in=_unanswered().values("grant")),
        "transfers": live & Q(pk__in=Transfer.objects.filter(state=Transfer.State.ASKED).values("grant")),
        "attesting": live & Q(attest_due_at__lte=now),
    }


def _listed(which: str, now: datetime) -> QuerySet[Grant]:
    return _shown().filter(_kinds(now).get(which, Q()))


def _searched(grants: QuerySet[Grant], text: str) -> QuerySet[Grant]:
    if not text:
        return grants
    person = Q(holder__full_name__icontains=text) | Q(holder__username__icontains=text)
    person |= Q(holder__email__icontains=text)
    of_lab = GrantMember.objects.filter(removed_at=None, email__icontains=text).values("grant")
    found = Q(number__iexact=text) | person | Q(lab_name__icontains=text) | Q(family__name__icontains=text)
    return grants.filter(found | Q(pk__in=of_lab))
