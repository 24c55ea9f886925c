"""The request as a view behind `login_required` sees it."""

from django.http import HttpRequest

from access_portal.accounts.models import User


class SignedInRequest(HttpRequest):
    """A request whose user is known to be a person with an account."""

    user: User
