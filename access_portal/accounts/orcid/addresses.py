"""Where ORCID is: the public service, its sandbox, or a stand-in on this machine for tests."""

from __future__ import annotations

from urllib.parse import urlsplit

PUBLIC = frozenset({"orcid.org", "sandbox.orcid.org"})
THIS_MACHINE = frozenset({"127.0.0.1", "localhost"})


def check_domain(domain: str) -> bool:
    """For the settings: whether `domain` is one of ORCID's, or a host and port of this machine."""
    return domain in PUBLIC or urlsplit(f"//{domain}").hostname in THIS_MACHINE


def site_of(domain: str) -> str:
    """The address at which people sign in there."""
    return f"https://{domain}" if domain in PUBLIC else f"http://{domain}"


def api_of(domain: str) -> str:
    """The address of the public records."""
    return f"https://pub.{domain}" if domain in PUBLIC else f"http://{domain}"
