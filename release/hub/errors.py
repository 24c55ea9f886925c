"""Refusals as Hugging Face clients understand them: a code in a header, the sentence in a header and in JSON."""

from __future__ import annotations

from django.conf import settings
from django.http import JsonResponse
from django.urls import reverse

from access_portal.errors import GatehouseError, PermissionRefusedError
from release.models import Release

DISABLED = "Access to this resource is disabled."  # the client knows these very words


class HubError(Exception):
    """`code` is what clients turn into their exception; without one, they show only the status."""

    def __init__(self, status: int, message: str, code: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = one_line(message)
        self.code = code
        self.headers = headers or {}

    def response(self) -> JsonResponse:
        """HEAD has no body, so the header says it too."""
        answer = JsonResponse({"error": self.message}, status=self.status, headers=self.headers)
        answer["X-Error-Message"] = self.message
        answer["Cache-Control"] = "no-store"
        if self.code:
            answer["X-Error-Code"] = self.code
        return answer


def bad_token() -> HubError:
    return HubError(401, "Invalid credentials in Authorization header")


def repo_not_found(repo: str, *, anonymous: bool) -> HubError:
    return HubError(401 if anonymous else 404, f"There is no model {repo} here.", "RepoNotFound")


def revision_not_found(repo: str, revision: str) -> HubError:
    return HubError(404, f"Model {repo} has no revision {revision[:100]}.", "RevisionNotFound")


def entry_not_found(release: Release, path: str) -> HubError:
    headers = {"X-Repo-Commit": release.commit}
    return HubError(404, f"{release} has no file {path[:200]}.", "EntryNotFound", headers)


def gated(release: Release, refused: GatehouseError, *, anonymous: bool) -> HubError:
    """No access: the policy's own words, and the page that helps; `hf download` prints only the warning."""
    variant = release.variant
    if refused.code == "release_withdrawn":
        return HubError(403, DISABLED)
    about = reverse("variant", args=[variant.family.slug, variant.slug])
    page = settings.BASE_URL + (about if anonymous else refused.remedy_path or about)
    message = (
        f"Access to model {variant.hub_repo} is restricted and you are not in the authorized list. "
        f"{refused.explanation} {refused.remedy} Visit {page}"
    )
    warning = one_line(f"gated; {refused.explanation} {refused.remedy} {page}")
    return HubError(401 if anonymous else 403, message, "GatedRepo", {"X-HF-Warning": warning})


def other(error: GatehouseError) -> HubError:
    """Anything else that the house refuses, such as a store that does not answer."""
    assert not isinstance(error, PermissionRefusedError)
    return HubError(error.status, f"{error.explanation} {error.remedy}")


def one_line(text: str) -> str:
    """ASCII without control characters, as a header can carry it."""
    plain = text.translate(str.maketrans("“”‘’–—…", "\"\"''--."))
    return " ".join("".join(c if c.isprintable() else " " for c in plain).split()).encode("ascii", "replace").decode()
