"""A symbol is read as long as anyone needs it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from cream.core.market.subscriptions import BOOK, Onlooker, Subscriptions

ONLOOKER = Onlooker()
consumers = st.sampled_from([BOOK, "api-1", "api-2", ONLOOKER])
symbols = st.frozensets(st.sampled_from("ABCDE"), max_size=5)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(consumers, symbols), max_size=20))
def test_what_is_read_is_what_anyone_follows(steps: list[tuple[object, frozenset[str]]]) -> None:
    subscriptions, needs = Subscriptions(), dict[object, frozenset[str]]()
    for consumer, wanted in steps:
        before = set().union(*needs.values())
        changed = subscriptions.follow(consumer, wanted)
        needs[consumer] = wanted
        after = set().union(*needs.values())
        assert changed is (before != after)
        assert set(subscriptions) == after
        assert all(subscriptions.reads(one) is (one in after) for one in "ABCDE")
        needed = (wanted for one, wanted in needs.items() if one is not ONLOOKER)
        assert set(subscriptions.followed) == set().union(*needed)


def test_a_lease_runs_out_unless_it_is_renewed_or_followed() -> None:
    subscriptions = Subscriptions(lease_seconds=10)

    assert subscriptions.lease(["A", "B", "C"], 0)
    assert not subscriptions.lease(["B"], 5)
    assert not subscriptions.follow("api", ["C"]), "it is read already"
    assert subscriptions.expire(10)
    assert set(subscriptions) == {"B", "C"}
    assert not subscriptions.expire(10)


def test_the_book_comes_first_and_the_newest_lease_before_older_ones() -> None:
    subscriptions = Subscriptions()
    subscriptions.lease(["L1"], 0)
    subscriptions.lease(["L2", "B"], 1)
    subscriptions.follow("api", ["X", "B"])
    subscriptions.follow(BOOK, ["B"])

    assert list(subscriptions) == ["B", "X", "L2", "L1"]
    assert subscriptions.of(BOOK) == {"B"}


def test_leases_are_bounded_and_the_oldest_end() -> None:
    subscriptions = Subscriptions(most_leases=2)

    subscriptions.lease(["A", "B", "C"], 0)

    assert list(subscriptions) == ["C", "B"]


def test_what_only_onlookers_read_comes_last_and_is_needed_by_nobody() -> None:
    subscriptions = Subscriptions(lease_seconds=10)
    subscriptions.lease(["L", "O1"], 0)

    assert subscriptions.follow(ONLOOKER, ["O1", "O2", "A"])
    assert not subscriptions.follow(BOOK, ["A"]), "it is read already"

    assert list(subscriptions) == ["A", "O1", "L", "O2"]
    assert set(subscriptions.followed) == {"A"}
    assert subscriptions.expire(10), "L is read by nobody now"
    assert list(subscriptions) == ["A", "O1", "O2"]
    assert subscriptions.follow(ONLOOKER, [])
    assert list(subscriptions) == ["A"]
