"""The pool of pages by itself: counting users, keeping contents, forgetting the right ones."""

from __future__ import annotations

import pytest

from inference_worker.engine.pages import PAGE_TOKENS, Content, PagePool

FIRST, SECOND = tuple(range(PAGE_TOKENS)), tuple(range(PAGE_TOKENS, 2 * PAGE_TOKENS))


def published(pool: PagePool, before: object, tokens: tuple[int, ...]) -> tuple[int, Content]:
    page = pool.take()
    content = pool.announce(before, tokens)  # type: ignore[arg-type]
    pool.publish(content, page)
    return page, content


def test_every_page_can_be_taken_once() -> None:
    pool = PagePool(3)
    assert sorted(pool.take() for _ in range(3)) == [0, 1, 2]
    assert pool.available == 0
    with pytest.raises(LookupError):
        pool.take()


def test_a_page_is_available_again_when_its_last_user_has_dropped_it() -> None:
    pool = PagePool(1)
    page, content = published(pool, "", FIRST)
    assert pool.share(content) == page
    pool.drop(page)
    assert pool.available == 0
    pool.drop(page)
    assert pool.available == 1


def test_dropping_what_nobody_uses_is_a_mistake() -> None:
    pool = PagePool(1)
    page = pool.take()
    pool.drop(page)
    with pytest.raises(AssertionError):
        pool.drop(page)


def test_a_content_is_found_by_what_came_before_and_its_tokens_alone() -> None:
    pool = PagePool(3)
    _, first = published(pool, "", FIRST)
    _, second = published(pool, first.number, SECOND)
    assert pool.find("", FIRST) is first
    assert pool.find(first.number, SECOND) is second
    assert pool.find("", SECOND) is None
    assert pool.find("other salt", FIRST) is None
    assert pool.find(second.number, SECOND) is None


def test_an_unused_content_is_kept_until_its_place_is_needed_and_the_longest_unused_goes_first() -> None:
    pool = PagePool(2)
    old_page, _ = published(pool, "", FIRST)
    new_page, new = published(pool, "", SECOND)
    pool.drop(old_page)
    pool.drop(new_page)
    assert pool.take() == old_page
    assert pool.find("", FIRST) is None
    assert pool.find("", SECOND) is new


def test_a_content_that_is_used_again_is_not_forgotten() -> None:
    pool = PagePool(2)
    page, content = published(pool, "", FIRST)
    other = pool.take()
    pool.drop(page)
    assert pool.is_idle(content)
    assert pool.share(content) == page
    assert not pool.is_idle(content)
    pool.drop(other)
    assert pool.take() == other
    assert pool.find("", FIRST) is content


def test_what_is_announced_has_no_page_until_it_is_published_and_can_be_withdrawn() -> None:
    pool = PagePool(1)
    content = pool.announce("", FIRST)
    assert pool.announce("", FIRST) is content
    assert content.page is None
    pool.withdraw(content)
    assert pool.find("", FIRST) is None


def test_withdrawing_takes_back_nothing_that_is_published() -> None:
    pool = PagePool(1)
    _, content = published(pool, "", FIRST)
    pool.withdraw(content)
    assert pool.find("", FIRST) is content


def test_a_second_page_with_the_same_content_stays_its_owners() -> None:
    pool = PagePool(2)
    page, content = published(pool, "", FIRST)
    double = pool.take()
    pool.publish(content, double)
    assert content.page == page
    pool.drop(double)
    assert pool.take() == double, "it is empty, and nobody's content had to go for it"
    assert pool.find("", FIRST) is content


def test_numbers_of_forgotten_contents_are_never_given_again() -> None:
    pool = PagePool(1)
    seen = set()
    for start in range(50):
        page, content = published(pool, "", tuple(range(start, start + PAGE_TOKENS)))
        seen.add(content.number)
        pool.drop(page)
    assert len(seen) == 50
