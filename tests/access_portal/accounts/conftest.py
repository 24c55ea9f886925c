"""A clean rate limiter for each test: allauth counts in the cache, which is a real server here."""

import pytest
import redis


@pytest.fixture
def limits(redis_server: redis.Redis) -> redis.Redis:
    redis_server.flushdb()
    return redis_server
