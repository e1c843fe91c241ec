"""What the gate judges by is shown with its age, and a sum with an unknown part is unknown."""

from datetime import timedelta
from decimal import Decimal

from attrs import evolve

from cream.adapters.server.portfolio import Age, portfolio, positions_as_of
from cream.core.model.instrument import Equity
from cream.core.model.market import Known, Stale, Unknown
from cream.core.model.order import OrderStatus
from cream.core.model.order_state import standing
from tests.fakes.operations import FakeOperations
from tests.fakes.operations_data import ACCOUNT, NOW, working
from tests.unit.adapters.server import states

MSFT = Equity("MSFT")


def test_only_open_orders_work() -> None:
    operations = FakeOperations()
    operations.put(
        working(states.ENTRY), evolve(working(states.STOP), state=standing(OrderStatus.FILLED))
    )

    found = portfolio(operations, NOW)

    assert [order.order_id for order in found.working_orders] == ["o-entry"]


def test_profit_with_an_unknown_part_is_unknown() -> None:
    """Unknown is never zero."""
    known = [states.held(), states.held(Stale(Decimal("240"), 5.0), MSFT)]
    with_unknown = [states.held(), states.held(Unknown("never quoted"), MSFT)]

    assert portfolio(FakeOperations(position_views=known), NOW).unrealized_pnl == Decimal("31.60")
    assert portfolio(FakeOperations(position_views=with_unknown), NOW).unrealized_pnl is None
    assert portfolio(FakeOperations(), NOW).unrealized_pnl == 0


def test_realised_profit_outlives_the_holding() -> None:
    """What was sold in whole is not shown as held, and what it earned is not forgotten."""
    operations = FakeOperations(position_views=[states.held()], realized=Decimal("112.50"))

    assert portfolio(operations, NOW).realized_pnl == Decimal("112.50")


def test_every_input_has_its_age() -> None:
    views = [
        states.held(),
        states.held(Known(Decimal("512")), MSFT),
        states.held(Stale(Decimal("5"), 90.0), Equity("XOM")),
        states.held(Unknown("never quoted"), Equity("SPY")),
    ]
    operations = FakeOperations(position_views=views, account_datum=Stale(ACCOUNT, 40.0))

    found = portfolio(operations, NOW)

    assert found.ages == (
        Age("account", "STALE", 40.0),
        Age("quote:AAPL", "KNOWN", 0.5),
        Age("quote:MSFT", "KNOWN", None),
        Age("quote:XOM", "STALE", 90.0),
        Age("quote:SPY", "UNKNOWN", None),
    )
    assert found.as_of == NOW - timedelta(seconds=90)


def test_an_account_that_is_unknown_has_no_age() -> None:
    found = portfolio(FakeOperations(account_datum=Unknown("no broker")), NOW)

    assert found.ages == (Age("account", "UNKNOWN", None),)
    assert found.as_of == NOW


def test_a_clock_that_is_ahead_makes_no_negative_age() -> None:
    ahead = evolve(ACCOUNT, as_of=NOW + timedelta(seconds=3))

    found = portfolio(FakeOperations(account_datum=Known(ahead)), NOW)

    assert found.ages[0].seconds == 0.0


def test_holdings_are_as_old_as_their_oldest_mark() -> None:
    views = (states.held(), states.held(Stale(Decimal("5"), 30.0)))

    assert positions_as_of(views, NOW) == NOW - timedelta(seconds=30)
    assert positions_as_of((), NOW) == NOW
