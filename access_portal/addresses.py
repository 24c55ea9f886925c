"""Addresses of pages and APIs hold text: what no database can keep is out of them before anything is looked up."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.deprecation import MiddlewareMixin

NOT_A_CHARACTER = "\ufffd"  # what Unicode puts in the place of what is none


class SoundAddressMiddleware(MiddlewareMixin):
    """A NUL becomes U+FFFD: every door then finds nothing under that name, and says so in its own words.

    PostgreSQL refuses NUL in any text, which would be an error of ours instead.
    """

    def process_request(self, request: HttpRequest) -> None:
        request.path = request.path.replace("\0", NOT_A_CHARACTER)
        request.path_info = request.path_info.replace("\0", NOT_A_CHARACTER)
        if "%00" in (query := request.META.get("QUERY_STRING", "")):
            request.META["QUERY_STRING"] = query.replace("%00", "%EF%BF%BD")
