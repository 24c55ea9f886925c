"""Everything that one person can be to a model, as rows; and what becomes of each by each call of an owner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from access_portal.accounts.models import Role, User
from access_portal.accounts.tokens import issue_token
from access_portal.applications.models import State
from access_portal.grants import commands as grants
from release.models import Family, Release, Variant
from tests.access_portal.applications.scenes import ANSWERS, make_application, make_open_family, make_staff
from tests.factories import make_grant, make_release, make_user
from tests.release.hub.asking import TOY, ask

REASON = "We could not see from this what the model is needed for."
CALLS = f"/api/models/{TOY}/user-access-request"


@dataclass(frozen=True)
class Scene:
    """A model with a release, a decider with a token for reviewing, and an applicant with one for downloads."""

    family: Family
    variant: Variant
    release: Release
    ben: User
    secret: str
    ada: User
    ada_secret: str

    def handle(self, status: str, **more: Any) -> Any:
        body = {"user": self.ada.username, "status": status, **more}
        return post(self.secret, "handle", body)

    def grant(self) -> Any:
        return post(self.secret, "grant", {"user": self.ada.username})

    def has_access(self) -> bool:
        """By the same question that clients ask before a download."""
        return bool(ask("get", f"/api/models/{TOY}/auth-check", self.ada_secret).status_code == 200)

    def status(self) -> str | None:
        """In which of the three lists the applicant is; in two of them never."""
        found = [row for status in ("pending", "accepted", "rejected") for row in rows(self.secret, status)]
        mine = [row["status"] for row in found if row["user"]["user"] == self.ada.username]
        assert len(mine) <= 1, mine
        return mine[0] if mine else None


def make_scene() -> Scene:
    family = make_open_family()
    variant = family.variants.get()
    ben, ada = make_staff("ben", Role.DECIDER), make_user("ada")
    return Scene(family, variant, make_release(variant), ben, secret_of(ben), ada, secret_of(ada, "download"))


def secret_of(user: User, scope: str = "review") -> str:
    return issue_token(actor=user, name="laptop", scopes=[scope], days=1, now=timezone.now())[1]


def post(secret: str | None, call: str, body: Any) -> Any:
    """As the stock client sends it."""
    headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    return client.post(f"{CALLS}/{call}", body, content_type="application/json", headers=headers)


def rows(secret: str, status: str) -> list[dict[str, Any]]:
    answer = ask("get", f"{CALLS}/{status}", secret)
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()
    return found


def _case(state: State, **fields: Any) -> Callable[[Scene], None]:
    def build(scene: Scene) -> None:
        make_application(scene.ada, scene.family, state, **fields)

    return build


def _held_by_colleague(scene: Scene) -> None:
    make_application(scene.ada, scene.family, State.IN_REVIEW, claimed_at=timezone.now())


def _held_by_me(scene: Scene) -> None:
    make_application(scene.ada, scene.family, State.IN_REVIEW, holder=scene.ben, claimed_at=timezone.now())


def _just_refused(scene: Scene) -> None:
    """On a page, a moment ago: it can still be undone, and was not said."""
    later = timezone.now() + timedelta(hours=1)
    make_application(
        scene.ada, scene.family, State.REFUSED_FIXABLE, undo_until=later, undo_to=State.IN_REVIEW, undo_by=scene.ben
    )


def _grant(**fields: Any) -> Callable[[Scene], None]:
    def build(scene: Scene) -> None:
        make_grant(scene.ada, scene.family, **fields)

    return build


def _stopped(scene: Scene) -> None:
    """Revoked at once by one person; another is still to confirm it."""
    given = make_grant(scene.ada, scene.family)
    grants.revoke_at_once(actor=scene.ben, number=str(given.number), reason="A leak.", now=timezone.now())


def _refused_and_asked_again(scene: Scene) -> None:
    make_application(scene.ada, scene.family, State.REFUSED_FIXABLE)
    make_application(scene.ada, scene.family, State.RECOMMENDED)


def _revoked_and_asked_again(scene: Scene) -> None:
    long_ago = timezone.now() - timedelta(days=900)
    make_grant(scene.ada, scene.family, state="revoked", state_reason="x", state_changed_at=long_ago)
    make_application(scene.ada, scene.family, State.RECOMMENDED)


def _holds_and_asks_for_more(scene: Scene) -> None:
    make_grant(scene.ada, scene.family)
    make_application(scene.ada, scene.family, State.RECOMMENDED)


def _of_another_size(scene: Scene) -> None:
    make_application(scene.ada, scene.family, State.RECOMMENDED, answers={**ANSWERS, "sizes": ["11m"]})


@dataclass(frozen=True)
class Outcome:
    """In which list somebody is, and the status of the answer to accept, reject, cancel and grant."""

    listed: str | None
    accept: int
    reject: int
    cancel: int
    grant: int


HOUR_AGO = timezone.now() - timedelta(hours=1)
NOBODY = Outcome(None, 404, 404, 404, 403)
WAITS = Outcome("pending", 409, 200, 404, 409)  # the checklist is open
READY = Outcome("pending", 200, 200, 404, 200)
STUCK = Outcome("pending", 409, 409, 404, 409)
REFUSED = Outcome("rejected", 409, 404, 409, 409)

SITUATIONS: Mapping[str, tuple[Callable[[Scene], object], Outcome]] = {
    "nothing": (lambda _scene: None, NOBODY),
    "draft": (_case(State.DRAFT), NOBODY),
    "another size": (_of_another_size, NOBODY),
    "submitted": (_case(State.SUBMITTED), WAITS),
    "claim lapsed": (_case(State.IN_REVIEW), WAITS),
    "held by a colleague": (_held_by_colleague, STUCK),
    "held by me": (_held_by_me, WAITS),
    "on hold": (_case(State.RECOMMENDED, hold_ground="Being looked into."), STUCK),
    "asked for more": (_case(State.INFO_REQUESTED), STUCK),
    "answered": (_case(State.REVISED), WAITS),
    "recommended": (_case(State.RECOMMENDED), READY),
    "asks to run it here": (_case(State.RECOMMENDED, answers={**ANSWERS, "needs_download": False}),
                            Outcome("pending", 409, 200, 404, 409)),
    "appealed": (_case(State.APPEALED), STUCK),
    "just refused": (_just_refused, STUCK),
    "refused": (_case(State.REFUSED_FIXABLE), REFUSED),
    "refused for good": (_case(State.REFUSED_FINAL), REFUSED),
    "refused and asked again": (_refused_and_asked_again, READY),
    "withdrawn": (_case(State.WITHDRAWN), NOBODY),
    "has it": (_grant(), Outcome("accepted", 404, 200, 200, 400)),
    "has it and asks for more": (_holds_and_asks_for_more, Outcome("accepted", 404, 200, 200, 400)),
    "has it for running": (_grant(may_download=False), NOBODY),
    "not begun": (_grant(starts_at=timezone.now() + timedelta(days=1)), Outcome("accepted", 404, 200, 200, 400)),
    "suspended": (_grant(state="suspended", state_reason="x"), Outcome("pending", 200, 200, 404, 200)),
    "revoked at once": (_stopped, REFUSED),
    "revoked": (_grant(state="revoked", state_reason="x", state_changed_at=HOUR_AGO), REFUSED),
    "revoked and asked again": (_revoked_and_asked_again, READY),
    "ended": (_grant(ends_at=HOUR_AGO), NOBODY),
}  # fmt: skip
