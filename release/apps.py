"""Registers release with Django, and the object store with the heartbeat."""

from django.apps import AppConfig

from access_portal.site import health
from release.signers.chosen import weights_signer
from release.storage import jobs_store, weights_store


class ReleaseConfig(AppConfig):
    name = "release"

    def ready(self) -> None:
        weights_signer()  # a key that cannot be read stops start-up, as any bad setting does
        health.register("s3", check_stores)


def check_stores() -> None:
    """Raise StoreUnavailableError unless both buckets answer soon."""
    weights_store().check()
    jobs_store().check()
