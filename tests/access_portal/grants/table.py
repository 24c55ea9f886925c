"""Every situation a person can be in, and what the access policy must say to each action in it.

`TABLE` is the specification in rows; the policy's tests and its mutants are held against it.
"""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import AnonymousUser

from access_portal.accounts.models import Role, User
from access_portal.applications.models import State
from access_portal.grants.models import Grant
from tests.access_portal.grants.situations import (
    ABOUT_SOMEBODY,
    ACTIONS,
    DAY,
    NOW,
    TICK,
    Scene,
    World,
    about_self,
    about_the_house,
    accepted,
    accepted_by_another,
    apart,
    application,
    approved,
    grant,
    granted_to_another,
    involved,
    lab,
    somebody,
    stop,
    withdrawn,
)
from tests.factories import make_acceptance, make_licence_version

NO_ROLE = ("role_missing",) * (len(ACTIONS) - 3)
NOTHING = ("not_applied",) * 3
ALL = ("right",) * 3
NOT_ACCEPTED = ("not_accepted_by_you", "not_accepted_by_you", "right", *NO_ROLE)
S = Grant.State
Build = Callable[[World], Scene]
Row = tuple[str, Build, tuple[str, ...]]


def _same(code: str) -> tuple[str, ...]:
    return (code, code, code, *NO_ROLE)


def _office(**granted: str) -> tuple[str, ...]:
    return (*NOTHING, *(granted.get(action, "role_missing") for action in ACTIONS[3:]))


STRANGERS: list[Row] = [
    ("nobody", lambda w: Scene(w, None), ("not_signed_in",) * len(ACTIONS)),
    ("an anonymous visitor", lambda w: Scene(w, AnonymousUser()), ("not_signed_in",) * len(ACTIONS)),
    ("a closed account", lambda w: grant(somebody(w, *Role, is_active=False)), ("account_closed",) * len(ACTIONS)),
    ("a superuser of Django", lambda w: somebody(w, is_superuser=True, is_staff=True), _same("not_applied")),
    ("no application", somebody, _same("not_applied")),
    *(
        (f"an application that is {state}", lambda w, state=state: application(somebody(w), state), _same(code))
        for state, code in {
            State.DRAFT: "not_applied", State.SUBMITTED: "pending", State.IN_REVIEW: "pending",
            State.INFO_REQUESTED: "info_requested", State.REVISED: "pending", State.RECOMMENDED: "pending",
            State.APPROVED: "not_applied", State.REFUSED_FIXABLE: "refused", State.REFUSED_FINAL: "refused",
            State.APPEALED: "pending", State.WITHDRAWN: "not_applied", State.EXPIRED: "not_applied",
            State.CLOSED: "not_applied",
        }.items()
    ),
    (
        "refused, then began another",
        lambda w: application(
            application(somebody(w), State.DRAFT), State.REFUSED_FIXABLE, submitted=NOW - 9 * DAY
        ),
        _same("not_applied"),
    ),
    (
        "refused, then applied again",
        lambda w: application(application(somebody(w), State.SUBMITTED), State.REFUSED_FINAL, submitted=NOW - 9 * DAY),
        _same("pending"),
    ),
    (
        "refused, then withdrew another",
        lambda w: application(application(somebody(w), State.WITHDRAWN), State.REFUSED_FINAL, submitted=NOW - 9 * DAY),
        _same("not_applied"),
    ),
    (
        "two applications at one time, the second refused",
        lambda w: application(application(somebody(w), State.WITHDRAWN), State.REFUSED_FINAL),
        _same("refused"),
    ),
    (
        "open for another family",
        lambda w: application(somebody(w), State.SUBMITTED, w.other_family),
        ("not_applied", "not_applied", "pending", *NO_ROLE),
    ),
    ("another person's grant", granted_to_another, _same("not_applied")),
    ("another person's application", lambda w: (application(somebody(w), State.REFUSED_FINAL), somebody(w))[1],
     _same("not_applied")),
]  # fmt: skip

TIMES: list[Row] = [
    ("active", lambda w: grant(somebody(w)), (*ALL, *NO_ROLE)),
    ("begins next moment", lambda w: grant(somebody(w), starts_at=NOW + TICK), _same("grant_not_started")),
    ("begins now", lambda w: grant(somebody(w), starts_at=NOW), (*ALL, *NO_ROLE)),
    ("approved, told now", lambda w: approved(somebody(w), starts_at=NOW), (*ALL, *NO_ROLE)),
    ("approved, told next moment", lambda w: approved(somebody(w), starts_at=NOW + TICK), _same("not_applied")),
    ("ended now", lambda w: grant(somebody(w), ends_at=NOW), _same("grant_expired")),
    ("ends next moment", lambda w: grant(somebody(w), ends_at=NOW + TICK), (*ALL, *NO_ROLE)),
    ("expired", lambda w: grant(somebody(w), state=S.EXPIRED, ends_at=NOW - TICK), _same("grant_expired")),
    ("expired ahead of its date", lambda w: grant(somebody(w), state=S.EXPIRED), _same("grant_expired")),
    ("suspended", lambda w: grant(somebody(w), state=S.SUSPENDED), _same("grant_suspended")),
    (
        "suspended before it began",
        lambda w: grant(somebody(w), state=S.SUSPENDED, starts_at=NOW + TICK),
        _same("grant_suspended"),
    ),
    ("suspended past its end", lambda w: grant(somebody(w), state=S.SUSPENDED, ends_at=NOW), _same("grant_expired")),
    ("revoked", lambda w: grant(somebody(w), state=S.REVOKED), _same("grant_revoked")),
    ("revoked, past its end", lambda w: grant(somebody(w), state=S.REVOKED, ends_at=NOW), _same("grant_revoked")),
    ("given back", lambda w: grant(somebody(w), state=S.SURRENDERED), _same("grant_surrendered")),
    ("given back, past its end", lambda w: grant(somebody(w), state=S.SURRENDERED, ends_at=NOW),
     _same("grant_surrendered")),
    ("given back and applied again", lambda w: application(grant(somebody(w), state=S.SURRENDERED), State.SUBMITTED),
     _same("pending")),
    ("replaced", lambda w: grant(somebody(w), state=S.SUPERSEDED), _same("grant_superseded")),
    ("replaced by another, which lives",
     lambda w: grant(grant(somebody(w), state=S.SUPERSEDED, reason="old", starts_at=NOW - 9 * DAY)),
     (*ALL, *NO_ROLE)),
    ("undone", lambda w: grant(somebody(w), state=S.UNDONE), _same("not_applied")),
    ("undone, and decided again", lambda w: application(grant(somebody(w), state=S.UNDONE), State.RECOMMENDED),
     _same("pending")),
    ("expired, and asked back", lambda w: application(grant(somebody(w), state=S.EXPIRED), State.INFO_REQUESTED),
     _same("info_requested")),
    ("expired, and began to apply", lambda w: application(grant(somebody(w), state=S.EXPIRED), State.DRAFT),
     _same("grant_expired")),
    (
        "expired and applied again",
        lambda w: application(grant(somebody(w), state=S.EXPIRED), State.SUBMITTED),
        _same("pending"),
    ),
    (
        "expired and refused again",
        lambda w: application(grant(somebody(w), state=S.EXPIRED), State.REFUSED_FINAL),
        _same("grant_expired"),
    ),
    (
        "expired here, applied elsewhere",
        lambda w: application(grant(somebody(w), state=S.EXPIRED), State.SUBMITTED, w.other_family),
        ("grant_expired", "grant_expired", "pending", *NO_ROLE),
    ),
    (
        "revoked and applied again",
        lambda w: application(grant(somebody(w), state=S.REVOKED), State.SUBMITTED),
        _same("grant_revoked"),
    ),
    (
        "suspended with an application under review",
        lambda w: application(grant(somebody(w), state=S.SUSPENDED), State.SUBMITTED),
        _same("grant_suspended"),
    ),
]  # fmt: skip

SCOPES: list[Row] = [
    (
        "another size only",
        lambda w: grant(somebody(w), variants=(w.sibling,)),
        ("variant_not_in_scope", "variant_not_in_scope", "right", *NO_ROLE),
    ),
    ("this size only", lambda w: grant(somebody(w), variants=(w.variant,)), (*ALL, *NO_ROLE)),
    ("both sizes", lambda w: grant(somebody(w), variants=(w.variant, w.sibling)), (*ALL, *NO_ROLE)),
    (
        "no downloads",
        lambda w: grant(somebody(w), may_download=False),
        ("download_not_in_scope", "right", "right", *NO_ROLE),
    ),
    (
        "no inference",
        lambda w: grant(somebody(w), may_infer=False),
        ("right", "inference_not_in_scope", "inference_not_in_scope", *NO_ROLE),
    ),
    (
        "suspended, no inference",
        lambda w: grant(somebody(w), may_infer=False, state=S.SUSPENDED),
        _same("grant_suspended"),
    ),
    (
        "licence never accepted",
        lambda w: grant(somebody(w, accepts=False)),
        NOT_ACCEPTED,
    ),
    ("licence accepted in an old version", lambda w: accepted(w, w.old_version),
     ("licence_outdated", "licence_outdated", "right", *NO_ROLE)),
    ("licence accepted in a later version", lambda w: accepted(w, w.new_version), (*ALL, *NO_ROLE)),
    ("another licence accepted later", lambda w: accepted(w, w.other_licence),
     NOT_ACCEPTED),
    ("licence accepted by another person", accepted_by_another,
     NOT_ACCEPTED),
    (
        "expired, licence not accepted",
        lambda w: grant(somebody(w, accepts=False), state=S.EXPIRED),
        _same("grant_expired"),
    ),
    (
        "release withdrawn",
        lambda w: withdrawn(grant(somebody(w))),
        ("release_withdrawn", "release_withdrawn", "right", *NO_ROLE),
    ),
    (
        "release withdrawn, no grant",
        lambda w: withdrawn(somebody(w)),
        ("release_withdrawn", "release_withdrawn", "not_applied", *NO_ROLE),
    ),
    (
        "a grant for another family",
        lambda w: grant(somebody(w), family=w.other_family),
        ("not_applied", "not_applied", "right", *NO_ROLE),
    ),
    (
        "an old grant expired, a new one lives",
        lambda w: grant(
            grant(somebody(w)), state=S.EXPIRED, reason="old", starts_at=NOW - 9 * DAY, ends_at=NOW - 8 * DAY
        ),
        (*ALL, *NO_ROLE),
    ),
    (
        "a later grant was revoked, an older one lives",
        lambda w: grant(grant(somebody(w), starts_at=NOW - 9 * DAY), state=S.REVOKED, reason="new"),
        (*ALL, *NO_ROLE),
    ),
    (
        "revoked long ago, expired lately",
        lambda w: grant(grant(somebody(w), state=S.EXPIRED), state=S.REVOKED, starts_at=NOW - 9 * DAY),
        _same("grant_expired"),
    ),
    (
        "two of one moment, the second revoked",
        lambda w: grant(grant(somebody(w), state=S.EXPIRED), state=S.REVOKED),
        _same("grant_revoked"),
    ),
    (
        "no inference here, inference elsewhere",
        lambda w: grant(
            grant(somebody(w), may_infer=False, reason="here"), family=w.other_family, starts_at=NOW - 9 * DAY
        ),
        ("here", "inference_not_in_scope", "right", *NO_ROLE),
    ),
]  # fmt: skip

MEMBERS: list[Row] = [
    ("a member of a lab", lambda w: lab(somebody(w)), (*ALL, *NO_ROLE)),
    ("the holder of a lab's grant", lambda w: grant(somebody(w), kind="lab", lab_name="The lab"), (*ALL, *NO_ROLE)),
    ("invited to a lab", lambda w: lab(somebody(w), joined=False), _same("not_applied")),
    ("removed from a lab", lambda w: lab(somebody(w), removed=True), _same("not_applied")),
    ("a member who did not accept", lambda w: lab(somebody(w, accepts=False)), NOT_ACCEPTED),
    ("a member whose holder did not accept",
     lambda w: lab(somebody(w), holder=somebody(w, accepts=False).person()), (*ALL, *NO_ROLE)),
    ("a member of a suspended lab", lambda w: lab(somebody(w), state=S.SUSPENDED), _same("grant_suspended")),
    ("a member of a lab that ended", lambda w: lab(somebody(w), ends_at=NOW), _same("grant_expired")),
    ("a member of a lab whose grant was undone", lambda w: lab(somebody(w), state=S.UNDONE), _same("not_applied")),
    ("a member of a lab that nobody answers for",
     lambda w: lab(somebody(w), holder=somebody(w, is_active=False).person()), _same("lab_without_holder")),
    ("a member of a lab with another size", lambda w: lab(somebody(w), variants=(w.sibling,)),
     ("variant_not_in_scope", "variant_not_in_scope", "right", *NO_ROLE)),
    ("a member of a lab with another family", lambda w: lab(somebody(w), family=w.other_family),
     ("not_applied", "not_applied", "right", *NO_ROLE)),
    ("a member of what is no lab", lambda w: lab(somebody(w), kind="person", lab_name=""), _same("not_applied")),
    ("a member with an older grant of their own",
     lambda w: lab(grant(somebody(w), state=S.EXPIRED, reason="own", starts_at=NOW - 9 * DAY)), (*ALL, *NO_ROLE)),
    ("a member of a revoked lab with a grant of their own",
     lambda w: lab(grant(somebody(w), starts_at=NOW - 9 * DAY), state=S.REVOKED, reason="lab"), (*ALL, *NO_ROLE)),
    ("another person's lab", lambda w: (lab(somebody(w)), somebody(w))[1], _same("not_applied")),
]  # fmt: skip


def _asks_again(world: World, *, by_now: bool = True, accepts: bool = False, licence: str = "theirs") -> Scene:
    """A grant under a licence whose newest text asks to be accepted again by a date."""
    scene = grant(somebody(apart(world)))
    of = scene.world.version if licence == "theirs" else scene.world.other_licence
    newest = make_licence_version(of.licence, number="4.0", text="Newest.", reconsent_by=NOW if by_now else NOW + TICK)
    if accepts:
        make_acceptance(scene.person(), newest)
    make_licence_version(of.licence, number="5.0", text="Newer still, but nobody has to accept it.")
    return scene


OUTDATED = ("licence_outdated", "licence_outdated", "right", *NO_ROLE)
CONSENTS: list[Row] = [
    ("the time to accept again is over", _asks_again, OUTDATED),
    ("there is still time to accept again", lambda w: _asks_again(w, by_now=False), (*ALL, *NO_ROLE)),
    ("accepted again", lambda w: _asks_again(w, accepts=True), (*ALL, *NO_ROLE)),
    ("another licence asks to be accepted again", lambda w: _asks_again(w, licence="other"), (*ALL, *NO_ROLE)),
]


def _the_grant(scene: Scene, holder: User | None = None) -> Grant:
    return (holder or scene.person()).grants.latest("pk")


def _stopped_person(world: World, *roles: Role, lifted: bool = False) -> Scene:
    scene = grant(somebody(world, *roles))
    return stop(scene, user=scene.person(), lifted=lifted)


def _stopped_lab(world: World, *, member: bool, own: bool = False) -> Scene:
    holder = somebody(world).person()
    scene = lab(somebody(world), holder=holder)
    if own:
        grant(scene, starts_at=NOW - 9 * DAY)
    stop(scene, grant=_the_grant(scene, holder))
    return scene if member else Scene(world, holder)


def _stopped_holder(world: World) -> Scene:
    holder = somebody(world).person()
    return stop(lab(somebody(world), holder=holder), user=holder)


def _stopped_family(world: World, *, other: bool = False, grants: bool = True, withdrawn: bool = False) -> Scene:
    scene = somebody(apart(world))
    scene.withdrawn = withdrawn
    if grants:
        grant(scene)
    return stop(scene, family=scene.world.other_family if other else scene.world.family)


STOPS: list[Row] = [
    ("a stopped person", _stopped_person, ("stopped",) * len(ACTIONS)),
    ("a stopped member of the staff", lambda w: _stopped_person(w, *Role), ("stopped",) * len(ACTIONS)),
    ("a person whose stop was lifted", lambda w: _stopped_person(w, lifted=True), (*ALL, *NO_ROLE)),
    ("another person is stopped", lambda w: stop(grant(somebody(w)), user=somebody(w).person()), (*ALL, *NO_ROLE)),
    ("a stopped person with a closed account",
     lambda w: stop(s := somebody(w, is_active=False), user=s.person()), ("account_closed",) * len(ACTIONS)),
    ("a stopped lab", lambda w: _stopped_lab(w, member=False), _same("stopped")),
    ("a member of a stopped lab", lambda w: _stopped_lab(w, member=True), _same("stopped")),
    ("a member of a stopped lab with a grant of their own", lambda w: _stopped_lab(w, member=True, own=True),
     (*ALL, *NO_ROLE)),
    ("a member of another lab than the stopped one", lambda w: (_stopped_lab(w, member=True), lab(somebody(w)))[1],
     (*ALL, *NO_ROLE)),
    ("a member of a lab whose holder is stopped", _stopped_holder, _same("stopped")),
    ("a stopped family", _stopped_family, _same("stopped")),
    ("a stopped family, without a grant", lambda w: _stopped_family(w, grants=False), _same("not_applied")),
    ("a stopped family, release withdrawn", lambda w: _stopped_family(w, withdrawn=True),
     ("release_withdrawn", "release_withdrawn", "stopped", *NO_ROLE)),
    ("a member of two labs, the holder of one is stopped",
     lambda w: lab(_stopped_holder(w), starts_at=NOW - 9 * DAY), (*ALL, *NO_ROLE)),
    ("granted two families, one is stopped",
     lambda w: grant(s := _stopped_family(w), family=s.world.other_family, starts_at=NOW - 9 * DAY),
     ("stopped", "stopped", "right", *NO_ROLE)),
    ("another family is stopped", lambda w: _stopped_family(w, other=True), (*ALL, *NO_ROLE)),
    ("one of two families is stopped",
     lambda w: grant(s := _stopped_family(w, grants=False), family=s.world.other_family),
     ("not_applied", "not_applied", "right", *NO_ROLE)),
    ("stopped and revoked", lambda w: stop(s := grant(somebody(apart(w)), state=S.REVOKED), family=s.world.family),
     _same("stopped")),
]  # fmt: skip

ABOUT_THEM = {
    Role.REVIEWER: ("review", "see_reports"),
    Role.DECIDER: ("review", "decide", "stop", "see_reports"),
    Role.ADMIN: ("audit", "administer", "stop", "see_reports", "manage_licences", "manage_forms", "manage_people"),
    Role.RELEASE_MANAGER: ("manage_releases",),
    Role.OPERATOR: ("stop", "manage_people", "operate"),
    Role.AUDITOR: ("audit", "see_reports", "operate"),
}  # role -> what it may do


def _may(role: Role, **instead: str) -> tuple[str, ...]:
    """`instead` says for some of the role's actions why not."""
    return _office(**{action: instead.get(action, "ok") for action in ABOUT_THEM[role]})


def _own(role: Role) -> tuple[str, ...]:
    return _may(role, **dict.fromkeys(ABOUT_SOMEBODY, "own_case"))


def _near(role: Role) -> tuple[str, ...]:
    return _may(role, review="conflict_of_interest", decide="conflict_of_interest")


OFFICES: list[Row] = [
    *((f"a {role}", lambda w, role=role: somebody(w, role), _may(role)) for role in Role),
    *((f"a {role} in the house", lambda w, role=role: about_the_house(somebody(w, role)), _may(role)) for role in Role),
    *((f"a {role}'s own case", lambda w, role=role: about_self(somebody(w, role)), _own(role)) for role in Role),
    *((f"a {role} who is involved", lambda w, role=role: involved(somebody(w, role)), _near(role)) for role in Role),
    *((f"a {role}'s colleague is involved", lambda w, role=role: involved(somebody(w, role), -1), _may(role))
      for role in Role),
    *((f"a {role}'s own case, involved", lambda w, role=role: involved(about_self(somebody(w, role))), _own(role))
      for role in Role),
    ("all roles", lambda w: somebody(w, *Role), (*NOTHING, *("ok",) * (len(ACTIONS) - 3))),
    ("a stranger's own case", lambda w: about_self(somebody(w)), _same("not_applied")),
    ("a stranger who is involved", lambda w: involved(somebody(w)), _same("not_applied")),
    ("staff with a grant", lambda w: grant(somebody(w, Role.REVIEWER)), (*ALL, *_may(Role.REVIEWER)[3:])),
]  # fmt: skip

TABLE = [*STRANGERS, *TIMES, *SCOPES, *MEMBERS, *CONSENTS, *STOPS, *OFFICES]
