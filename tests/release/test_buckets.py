"""The command that prepares an object store."""

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from release.storage import jobs_store, weights_store


@pytest.fixture
def other_buckets(s3_server: str, settings: Settings) -> None:
    settings.S3_WEIGHTS_BUCKET, settings.S3_JOBS_BUCKET = "other-weights", "other-jobs"


def test_it_makes_both_buckets_and_keeps_what_is_there(other_buckets: None) -> None:
    call_command("buckets")
    weights_store().put_bytes("a", b"1", "text/plain")
    jobs_store().put_bytes("b", b"2", "text/plain")
    call_command("buckets")
    assert (weights_store().read("a"), jobs_store().read("b")) == (b"1", b"2")


def test_a_store_that_is_away_is_a_sentence(settings: Settings) -> None:
    settings.S3_ENDPOINT_URL = "http://127.0.0.1:1"
    settings.S3_WEIGHTS_BUCKET = "nowhere"
    with pytest.raises(CommandError, match="It said: EndpointConnectionError"):
        call_command("buckets")
