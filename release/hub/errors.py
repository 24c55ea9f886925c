"""Refusals as Hugging Face clients understand them: a code in a header, the sentence in a header and in JSON."""

from __future__ import annotations

from django.conf import settings
from django.http import JsonResponse
from django.urls import reverse

from access_portal.errors import GatehouseError, PermissionRefusedError
from release.errors import DailyBytesUsedError
from release.models import Release, Variant

DISABLED = "Access to this resource is disabled."  # the client knows these very words
TEXT_BYTES = 1_000  # of a sentence in a header: servers and proxies refuse long ones
NAME_CHARACTERS = 200  # of what somebody asked for, when it is named in the answer


class HubError(Exception):
    """`code` is what clients turn into their exception; without one, they show only the status.

    `cause` is the refusal of the house that lies behind it, where there is one: browsers are shown that.
    """

    def __init__(
        self,
        status: int,
        message: str,
        code: str = "",
        headers: dict[str, str] | None = None,
        cause: GatehouseError | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = one_line(message)
        self.code = code
        self.headers = headers or {}
        self.cause = cause

    def response(self) -> JsonResponse:
        """HEAD has no body, so the header says it too."""
        return JsonResponse({"error": self.message}, status=self.status, headers=self.all_headers())

    def all_headers(self) -> dict[str, str]:
        """What every answer of this refusal carries, whatever its body."""
        known = {"X-Error-Message": self.message, "Cache-Control": "no-store"}
        return {**known, **({"X-Error-Code": self.code} if self.code else {}), **self.headers}


def bad_token() -> HubError:
    return HubError(401, "Invalid credentials in Authorization header")


def not_signed_in() -> HubError:
    """For what needs a token, where none was sent."""
    return HubError(401, f"This needs a token. Make one at {settings.BASE_URL}{reverse('tokens')}")


def malformed(message: str) -> HubError:
    return HubError(400, message)


def not_allowed(message: str) -> HubError:
    return HubError(403, message)


def nothing_here() -> HubError:
    """An address of the API that the protocol does not have here."""
    return HubError(404, "There is nothing at this address.")


def repo_not_found(repo: str, *, anonymous: bool) -> HubError:
    return HubError(401 if anonymous else 404, f"There is no model {repo[:NAME_CHARACTERS]} here.", "RepoNotFound")


def revision_not_found(repo: str, revision: str) -> HubError:
    return HubError(404, f"Model {repo} has no revision {revision[:NAME_CHARACTERS]}.", "RevisionNotFound")


def entry_not_found(release: Release, path: str) -> HubError:
    headers = {"X-Repo-Commit": release.commit}
    return HubError(404, f"{release} has no file {path[:NAME_CHARACTERS]}.", "EntryNotFound", headers)


def disabled() -> HubError:
    return HubError(403, DISABLED)


def gated(variant: Variant, refused: GatehouseError, *, anonymous: bool) -> HubError:
    """No access: the policy's own words, and the page that helps; `hf download` prints only the warning."""
    if refused.code == "release_withdrawn":
        return disabled()
    about = reverse("variant", args=[variant.family.slug, variant.slug])
    page = settings.BASE_URL + (about if anonymous else refused.remedy_path or about)
    reasons = one_line(f"{refused.explanation} {refused.remedy}")[: TEXT_BYTES - 400]
    message = (
        f"Access to model {variant.hub_repo} is restricted and you are not in the authorized list. "
        f"{reasons} Visit {page} to ask for access."
    )
    headers = {"X-HF-Warning": f"gated; {reasons} Apply for access at {page}"}
    return HubError(401 if anonymous else 403, message, "GatedRepo", headers, refused)


def other(error: GatehouseError) -> HubError:
    """Anything else that the house refuses, such as a store that does not answer."""
    assert not isinstance(error, PermissionRefusedError)
    if isinstance(error, DailyBytesUsedError):
        return _quota(error)
    return HubError(error.status, one_line(f"{error.explanation} {error.remedy}"), cause=error)


def _quota(error: DailyBytesUsedError) -> HubError:
    """Clients wait for as long as they are told and go on by themselves, so they should say why.

    Where no day is long enough they are not sent to wait, which 429 means to them, but told at once as of a gate.
    """
    message = one_line(f"{error.explanation} {error.remedy}")
    if error.retry_after is None:
        message = f"{message} See {settings.BASE_URL}{reverse('my_grants')}"
        return HubError(403, message, "GatedRepo", {"X-HF-Warning": f"quota; {message}"}, error)
    headers = {"Retry-After": str(error.retry_after), "X-HF-Warning": f"quota; {message}"}
    return HubError(error.status, message, headers=headers, cause=error)


def too_many_requests(limit: int, window_seconds: int, seconds_left: int) -> HubError:
    headers = {
        "Retry-After": str(seconds_left),
        "RateLimit": f'"api";r=0;t={seconds_left}',
        "RateLimit-Policy": f'"fixed window";"api";q={limit};w={window_seconds}',
    }
    message = f"More than {limit} requests in {window_seconds} seconds. Go on in {seconds_left} seconds."
    return HubError(429, message, headers=headers)


def one_line(text: str) -> str:
    """ASCII without control characters, as a header can carry it."""
    plain = text.translate(str.maketrans("“”‘’–—…", "\"\"''--."))
    words = " ".join("".join(c if c.isprintable() else " " for c in plain).split())
    return words.encode("ascii", "replace").decode()[:TEXT_BYTES]
