"""How long a download goes on while nothing arrives, by a clock that only its own pauses move."""

from __future__ import annotations

from threading import Event

import pytest

from release.client.errors import NetworkError
from release.client.patience import LONGEST_PAUSE_SECONDS, Patience


class Time:
    """`now` is what the pauses of the client come to."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.began = self.now
        self.pauses: list[float] = []

    @property
    def passed(self) -> float:
        return self.now - self.began

    def clock(self) -> float:
        return self.now

    def wait(self, stop: Event, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def patience(time: Time, said: list[str]) -> Patience:
    return Patience(300, 0.5, Event(), say=said.append, clock=time.clock, wait=time.wait)


def trouble(retry_after: float | None = None) -> NetworkError:
    error = NetworkError("store_trouble", "It answered with status 503.")
    error.retry_after_seconds = retry_after
    return error


def test_pauses_grow_and_end_with_the_error(patience: Patience, time: Time) -> None:
    def ask_for_ever() -> None:
        for attempt in range(1000):
            patience.wait(attempt, trouble())

    with pytest.raises(NetworkError):
        ask_for_ever()
    assert time.pauses[0] < time.pauses[3] < LONGEST_PAUSE_SECONDS
    assert 300 - LONGEST_PAUSE_SECONDS < time.passed < 300 + LONGEST_PAUSE_SECONDS


def test_a_byte_begins_it_anew(patience: Patience, time: Time) -> None:
    for attempt in range(200):
        patience.wait(attempt, trouble())
        if attempt % 20 == 0:
            patience.rewarded()
    assert time.passed > 300


def test_time_that_was_spent_otherwise_is_no_trouble(patience: Patience, time: Time) -> None:
    """As reading again what an earlier run left: minutes, of a large file."""
    time.now += 1000
    patience.wait(0, trouble())
    patience.rewarded()
    time.now += 1000
    patience.wait(0, trouble())


def test_it_is_told_once_and_not_of_short_troubles(patience: Patience, time: Time, said: list[str]) -> None:
    patience.wait(0, trouble())
    assert said == []
    for attempt in range(1, 20):
        patience.wait(attempt, trouble())
    assert len(said) == 1
    patience.rewarded()
    patience.wait(0, trouble(60))
    assert said[1:] == ["It answered with status 503. It is asked again for up to 5 minutes."]


def test_the_other_sides_wish_is_kept(patience: Patience, time: Time) -> None:
    patience.wait(0, trouble(60))
    assert time.pauses == [60]
    with pytest.raises(NetworkError):
        patience.wait(1, trouble(241))
