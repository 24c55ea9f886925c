"""What Hub clients ask for and this site does not have, said in their terms."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse

from release.hub import errors
from release.hub.door import Caller, hub_door
from release.hub.repos import find_repo


@hub_door("GET")
def agent_harnesses(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Asked before a day's first command; a quick answer holds nobody up."""
    return JsonResponse({"standardEnvVars": [], "harnesses": {}})


@hub_door("GET", "POST", "PUT", "DELETE")
def other_kind(request: HttpRequest, caller: Caller, kind: str, rest: str) -> HttpResponse:
    """Data sets, Spaces and kernels: there are none here."""
    raise errors.HubError(404, f"There are no {kind} here, only models.", "RepoNotFound")


@hub_door("GET", "POST", "PUT", "DELETE")
def other_model_address(request: HttpRequest, caller: Caller, rest: str) -> HttpResponse:
    """No such model, or something of a model that it does not have here, such as discussions."""
    find_repo("/".join(rest.split("/")[:2]), anonymous=caller.is_anonymous)
    raise errors.nothing_here()


@hub_door("GET")
def nameless(request: HttpRequest, caller: Caller, name: str, rest: str) -> HttpResponse:
    """A file of a model whose name has one half only, such as `gpt2`."""
    raise errors.repo_not_found(name, anonymous=caller.is_anonymous)


@hub_door("GET", "POST", "PUT", "DELETE")
def other_address(request: HttpRequest, caller: Caller, rest: str) -> HttpResponse:
    """Anything else below `api/`."""
    raise errors.nothing_here()
