"""Answers the load balancer before anything else in the house has to work."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

PATH = "/__lbheartbeat__"


class LivenessMiddleware:
    """200 as long as the process answers: no host check, session, database or log line stands in the way."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == PATH and request.method in {"GET", "HEAD"}:
            return JsonResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})
        return self.get_response(request)
