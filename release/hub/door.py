"""What every address of the Hub protocol has in common: whose token it is, how often they ask, how errors look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from access_portal.accounts.models import ApiToken
from access_portal.accounts.tokens import authenticate, bearer
from access_portal.errors import GatehouseError
from access_portal.grants.policy import Actor
from release.client_address import client_address
from release.hub import errors
from release.hub.rates import count_request

P = ParamSpec("P")


@dataclass(frozen=True)
class Caller:
    """Who asks, and when; no token means a stranger, whatever cookies came along."""

    token: ApiToken | None
    now: datetime

    @property
    def is_anonymous(self) -> bool:
        return self.token is None

    @property
    def actor(self) -> Actor:
        """For the access policy."""
        return AnonymousUser() if self.token is None else self.token.user


View = Callable[Concatenate[HttpRequest, Caller, P], HttpResponse]


def hub_door(*methods: str) -> Callable[[View[P]], Callable[Concatenate[HttpRequest, P], HttpResponse]]:
    """Let a view be asked by Hub clients with these methods; HEAD comes with GET.

    A header that signs nobody in is refused first, whatever is asked for; what the view refuses is told in the words
    of the protocol. There are no cookies here, hence no form's token either.
    """
    allowed = {*methods, *(["HEAD"] if "GET" in methods else [])}

    def decorate(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        @csrf_exempt
        @wraps(view)
        def door(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            try:
                if request.method not in allowed:
                    raise _wrong_method(allowed)
                answer = view(request, _caller(request), *args, **kwargs)
            except errors.HubError as error:
                return error.response()
            except SuspiciousOperation:  # such as more parameters than Django reads
                return errors.malformed("There is more in this request than is read here. Ask for less.").response()
            except GatehouseError as error:
                return errors.other(error).response()
            answer.setdefault("Cache-Control", "no-store")
            return answer

        return door

    return decorate


def _caller(request: HttpRequest) -> Caller:
    now = timezone.now()
    token = _token(request, now)
    count_request(f"address:{client_address(request)}" if token is None else f"token:{token.pk}", now)
    return Caller(token, now)


def _token(request: HttpRequest, now: datetime) -> ApiToken | None:
    header = request.headers.get("Authorization", "")
    if not header:
        return None
    secret = bearer(header)
    token = authenticate(secret, now=now) if secret else None
    if token is None:
        raise errors.bad_token()
    return token


def _wrong_method(allowed: set[str]) -> errors.HubError:
    methods = ", ".join(sorted(allowed))
    return errors.HubError(405, f"This address takes {methods} only.", headers={"Allow": methods})
