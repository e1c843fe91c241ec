"""An account at which exits wait that no list shows: which questions find them, and how few."""

from typing import Any

import pytest
from attrs import define, field

from cream.adapters.brokers.alpaca import open_groups
from cream.adapters.brokers.alpaca.document import read
from cream.adapters.brokers.alpaca.groups import open_in_groups
from cream.adapters.brokers.alpaca.models import AlpacaOrder
from cream.adapters.brokers.alpaca.open_groups import BELIEVED_SECONDS, MOST_ASKED, OpenGroups
from cream.adapters.brokers.alpaca.trading import OnPage
from tests.unit.adapters.brokers.alpaca.scripted import order

PAGE = 10


def stamp(number: int) -> str:
    return f"2026-11-23T15:{number // 60:02d}:{number % 60:02d}Z"


@define
class Account:
    """Groups by their parent's id; what is asked for is counted."""

    groups: dict[str, dict[str, Any]] = field(factory=dict)
    pages: int = 0
    looks: list[str] = field(factory=list)

    def bracket(self, number: int, *, parent: str = "filled") -> None:
        """One more, placed at that second; its target works and its stop is held."""
        at = {"created_at": stamp(number), "submitted_at": stamp(number), "order_class": "bracket"}
        works = "new" if parent == "filled" else "held"
        legs = [
            order(id=f"t{number}", status=works, side="sell", **at),
            order(id=f"s{number}", status="held", side="sell", **at),
        ]
        self.groups[f"p{number}"] = order(id=f"p{number}", status=parent, legs=legs, **at)

    def change(self, member_id: str, **changes: Any) -> None:
        """Something happens to one order."""
        for group in self.groups.values():
            for one in (group, *group["legs"]):
                if one["id"] == member_id:
                    one.update({"updated_at": stamp(len(self.looks) + 1)} | changes)

    def listed(self) -> list[AlpacaOrder]:
        """The flat list of open orders, as Alpaca gives it."""
        rows = [one for group in self.groups.values() for one in (group, *group["legs"])]
        flat = [one | {"legs": []} for one in rows if one["status"] in ("new", "pending_new")]
        return [read(AlpacaOrder, one) for one in flat]

    def parents(self) -> list[AlpacaOrder]:
        """The nested list of open orders."""
        rows = self.groups.values()
        return [read(AlpacaOrder, one) for one in rows if one["status"] == "new"]

    async def order(self, order_id: str) -> AlpacaOrder | None:
        self.looks.append(order_id)
        found = self.groups.get(order_id)
        return read(AlpacaOrder, found) if found is not None else None

    async def go_through(self, status: str, *, nested: bool, on_page: OnPage) -> None:
        assert (status, nested) == ("all", True)
        rows = [read(AlpacaOrder, one) for one in reversed(self.groups.values())]
        for at in range(0, len(rows), PAGE):
            self.pages += 1
            if not on_page(rows[at : at + PAGE]):
                return


async def open_ids(groups: OpenGroups, account: Account, now: float = 0.0) -> set[str]:
    listed, parents = account.listed(), account.parents()
    found = await groups.whole(account, listed, parents, now)
    shown = open_in_groups(listed, found)
    ids = [one.id for order in shown for one in (order, *order.legs)]
    assert len(ids) == len(set(ids)), "each once"
    return set(ids)


async def test_what_was_looked_at_is_believed_until_something_happens_to_what_is_listed() -> None:
    account, groups = Account(), OpenGroups()
    account.bracket(1)
    assert await open_ids(groups, account) == {"t1", "s1"}
    assert (account.pages, account.looks) == (1, [])

    assert await open_ids(groups, account, 1.0) == {"t1", "s1"}
    assert (account.pages, account.looks) == (1, [])

    account.change("t1", filled_qty="4")
    account.change("s1", qty="6")
    assert await open_ids(groups, account, 2.0) == {"t1", "s1"}
    assert (account.pages, account.looks) == (1, ["p1"])


@pytest.mark.parametrize("changes", [{"filled_qty": "4"}, {"status": "pending_new"}])
async def test_a_change_within_one_moment_is_seen_too(changes: dict[str, str]) -> None:
    """Stamps are only as fine as whoever writes them."""
    account, groups = Account(), OpenGroups()
    account.bracket(1)
    await open_ids(groups, account)

    account.change("t1", updated_at=account.groups["p1"]["legs"][0]["updated_at"], **changes)

    await open_ids(groups, account, 1.0)
    assert account.looks == ["p1"]


async def test_an_open_parent_is_listed_with_its_exits_and_nothing_is_asked() -> None:
    account = Account()
    account.bracket(1, parent="new")
    assert await open_ids(OpenGroups(), account) == {"p1", "t1", "s1"}
    assert (account.pages, account.looks) == (0, [])


async def test_a_parent_that_is_listed_without_its_exits_is_asked_for() -> None:
    account, groups = Account(), OpenGroups()
    account.bracket(1, parent="new")
    bare = [read(AlpacaOrder, account.groups["p1"] | {"legs": []})]
    groups.learn(read(AlpacaOrder, account.groups["p1"]))
    found = await groups.whole(account, account.listed(), bare, 0.0)
    assert [[leg.id for leg in one.legs] for one in found] == [["t1", "s1"]]
    assert account.looks == ["p1"]


async def test_after_a_start_the_listing_is_read_no_further_than_the_oldest_open_group() -> None:
    account = Account()
    for number in range(5 * PAGE):
        account.bracket(number)
        if number != 4 * PAGE + 3:
            account.change(f"t{number}", status="filled")
            account.change(f"s{number}", status="canceled")
    assert await open_ids(OpenGroups(), account) == {f"t{4 * PAGE + 3}", f"s{4 * PAGE + 3}"}
    assert (account.pages, account.looks) == (1, [])


async def test_where_few_groups_changed_each_is_asked_for_however_long_the_listing() -> None:
    account, groups = Account(), OpenGroups()
    for number in range(4 * PAGE):
        account.bracket(number)
        groups.learn(read(AlpacaOrder, account.groups[f"p{number}"]))
        account.change(f"t{number}", status="filled" if number >= 2 else "new")
        account.change(f"s{number}", status="canceled" if number >= 2 else "held")
    assert await open_ids(groups, account) == {"t0", "s0", "t1", "s1"}
    assert (account.pages, account.looks) == (0, ["p0", "p1"])


async def test_where_many_changed_at_once_pages_are_read_and_the_rest_is_asked_for() -> None:
    account, groups = Account(), OpenGroups()
    for number in range(3 * PAGE):
        account.bracket(number)
        groups.learn(read(AlpacaOrder, account.groups[f"p{number}"]))
    every = {f"{kind}{number}" for kind in "ts" for number in range(3 * PAGE)}
    assert await open_ids(groups, account) == every
    assert (account.pages, len(account.looks)) == (2, MOST_ASKED)


async def test_a_group_that_was_believed_for_long_is_asked_for_again_one_at_a_time() -> None:
    """A person may have replaced a stop while the stream was down: nothing listed shows it."""
    account, groups = Account(), OpenGroups()
    for number in (1, 2):
        account.bracket(number)
    await open_ids(groups, account)
    account.groups["p1"]["legs"][1]["status"] = "replaced"
    account.groups["p1"]["legs"].append(
        order(id="s1b", status="held", side="sell", order_class="bracket", replaces="s1")
    )
    assert await open_ids(groups, account, BELIEVED_SECONDS - 1) == {"t1", "s1", "t2", "s2"}
    await open_ids(groups, account, BELIEVED_SECONDS)
    await open_ids(groups, account, BELIEVED_SECONDS + 1)
    assert sorted(account.looks) == ["p1", "p2"]
    assert await open_ids(groups, account, BELIEVED_SECONDS + 2) == {"t1", "s1b", "t2", "s2"}


async def test_a_leg_of_another_name_belongs_to_the_group_of_the_one_that_it_replaces() -> None:
    """And what that group has besides is still shown, though it does not name the new leg."""
    account, groups = Account(), OpenGroups()
    account.bracket(1)
    await open_ids(groups, account)
    account.change("t1", status="replaced")
    swapped = order(id="t1b", status="new", side="sell", order_class="bracket", replaces="t1")
    listed = [read(AlpacaOrder, swapped)]
    for _ in range(2):
        found = await groups.whole(account, listed, [], 1.0)
        assert {one.id for one in open_in_groups(listed, found)} == {"t1b", "s1"}
    assert (account.pages, account.looks) == (1, ["p1"])


async def test_an_entry_that_was_replaced_is_followed_to_the_one_in_its_place() -> None:
    account, groups = Account(), OpenGroups()
    account.bracket(1)
    old = order(id="p0", status="replaced", replaced_by="p1", order_class="bracket", legs=[])
    groups.learn(read(AlpacaOrder, old | {"legs": account.groups["p1"]["legs"]}))
    account.groups["p0"] = old
    assert await open_ids(groups, account) == {"t1", "s1"}
    assert account.looks == ["p0", "p1"]


async def test_our_own_replacement_makes_a_group_be_asked_for_again() -> None:
    account, groups = Account(), OpenGroups()
    account.bracket(1)
    await open_ids(groups, account)
    new = order(id="s1b", status="held", side="sell", order_class="bracket", replaces="s1")
    account.groups["p1"]["legs"][1] = new
    groups.learn(read(AlpacaOrder, new))
    assert await open_ids(groups, account, 1.0) == {"t1", "s1b"}
    assert account.looks == ["p1"]


async def test_an_exit_whose_group_nobody_knows_stands_for_itself_and_is_searched_once() -> None:
    account, groups = Account(), OpenGroups()
    account.bracket(1)
    await open_ids(groups, account)
    lost = read(AlpacaOrder, order(id="lost", status="new", order_class="bracket"))
    for _ in range(3):
        listed = [lost, *account.listed()]
        found = await groups.whole(account, listed, [], 1.0)
        assert {one.id for one in open_in_groups(listed, found)} == {"lost", "t1", "s1"}
    assert account.pages == 2


async def test_a_group_that_alpaca_does_not_know_any_more_leaves_what_is_listed() -> None:
    account, groups = Account(), OpenGroups()
    account.bracket(1)
    groups.learn(read(AlpacaOrder, account.groups.pop("p1")))
    target = [read(AlpacaOrder, order(id="t1", status="new", order_class="bracket"))]
    found = await groups.whole(account, target, [], 0.0)
    assert [one.id for one in open_in_groups(target, found)] == ["t1"]


async def test_what_is_over_is_forgotten(monkeypatch: Any) -> None:
    monkeypatch.setattr(open_groups, "MOST_REMEMBERED", 9)
    account, groups = Account(), OpenGroups()
    account.bracket(1)
    for number in range(2, 40):
        account.bracket(number)
        account.change(f"t{number}", status="filled")
        account.change(f"s{number}", status="canceled")
        groups.learn(read(AlpacaOrder, account.groups[f"p{number}"]))
        assert await open_ids(groups, account) == {"t1", "s1"}
    assert len(groups._root_of) <= 9
    assert list(groups._looked) == ["p1"]
    # The open group is never among the oldest: it was searched for once.
    assert account.pages == 4 // PAGE + 1
