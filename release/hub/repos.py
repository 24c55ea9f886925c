"""Models as Hub clients see them: a repository for each, with a tag for each of its releases and the branch `main`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet

from release.hub import errors
from release.hub.names import short_ref
from release.models import SHOWN_STATES, Artifact, Release, Variant

MAIN = "main"
# The branch is the best of what there is: what was deprecated or withdrawn only where there is nothing else.
PREFERENCE = {state: place for place, state in enumerate(SHOWN_STATES)}
UNREAD = ("manifest", "signature")  # large, and told elsewhere


@dataclass(frozen=True)
class Repo:
    """A model of which something was published; `releases` are all that the outside sees, newest first."""

    variant: Variant
    releases: Sequence[Release]

    @property
    def main(self) -> Release:
        """The newest live release; a withdrawn one only where all were."""
        return min(self.releases, key=lambda release: PREFERENCE[Release.State(release.state)])

    def find(self, revision: str) -> Release:
        """What a branch, a version or a commit of 40 digits stands for; raises HubError."""
        name = short_ref(revision)
        if name == MAIN:
            return self.main
        for release in self.releases:
            if name in (release.version, release.commit):
                return release
        raise errors.revision_not_found(self.variant.hub_repo, revision)

    def readable(self, revision: str) -> Release:
        """`find`, for what is not told about a withdrawn release; raises HubError."""
        release = self.find(revision)
        if release.state == Release.State.WITHDRAWN:
            raise errors.disabled()
        return release

    def until(self, release: Release) -> list[Release]:
        """The history of a release: itself and what was published before it, newest first."""
        return list(self.releases[self.releases.index(release) :])


def find_repo(name: str, *, anonymous: bool) -> Repo:
    """Raises HubError for a model that is not here, or of which nothing was published; one query."""
    releases = [] if "\0" in name else list(_releases().filter(variant__hub_repo=name))
    if not releases:
        raise errors.repo_not_found(name, anonymous=anonymous)
    return Repo(releases[0].variant, releases)


def all_repos(*, with_files: bool = False) -> list[Repo]:
    """Every repository by name; one query, and one for all of the files where they are wanted."""
    releases = _releases().order_by("variant__hub_repo", "-published_at", "-pk")
    if with_files:
        releases = releases.prefetch_related(Prefetch("artifacts", Artifact.objects.order_by("path")))
    found: dict[int, list[Release]] = {}
    for release in releases:
        found.setdefault(release.variant_id, []).append(release)
    return [Repo(releases[0].variant, releases) for releases in found.values()]


def _releases() -> QuerySet[Release]:
    related = ("variant__family", "licence_version__licence", "successor__variant__family")
    releases = Release.objects.filter(state__in=SHOWN_STATES).exclude(commit="")
    return releases.select_related(*related).defer(*UNREAD).order_by("-published_at", "-pk")
