"""A name that was put away is never denied; one that was not nearly always is."""

from hypothesis import given, settings
from hypothesis import strategies as st

from cream.adapters.store.sieve import Sieve


@settings(max_examples=50)
@given(st.sets(st.text(), max_size=50))
def test_no_name_that_was_added_is_denied(names: set[str]) -> None:
    sieve = Sieve()
    sieve.add(names)
    sieve.is_whole = True

    assert all(sieve.may_have(name) for name in names)


def test_until_it_is_whole_any_name_may_be_there() -> None:
    sieve = Sieve()

    assert sieve.may_have("a")

    sieve.is_whole = True
    assert not sieve.may_have("a")


def test_with_a_hundred_thousand_names_few_others_may_be_there() -> None:
    sieve = Sieve()
    sieve.add(f"there-{number}" for number in range(100_000))
    sieve.is_whole = True

    assert sum(sieve.may_have(f"other-{number}") for number in range(10_000)) < 20
