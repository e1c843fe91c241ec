"""An order's life is told whole, in its order, with why and when."""

from datetime import timedelta
from decimal import Decimal

from attrs import evolve

from cream.core.execution import events as e
from cream.core.execution.roll_events import RollSettled
from cream.core.execution.story import Story, story
from cream.core.model.order import OrderClass, OrderPurpose, OrderStatus
from cream.core.model.plan import Environment
from cream.core.model.state import Cause, TradingState
from cream.core.model.verdict import Check, CheckResult, Severity, Unit, Violation
from tests.fakes.builders import CALL, NOW, PUT, bracket, broker_id, leg, order_terms
from tests.fakes.ledger import Ledger
from tests.fakes.rolls import a_roll_owed
from tests.unit.core.execution.test_book import busy_day, judged


def told(ledger: Ledger, any_id: str) -> Story:
    found = story(lambda: ledger.records, any_id)
    assert found is not None
    return found


def whats(found: Story) -> list[str]:
    return [one.what for one in found.scenes]


def text(found: Story) -> str:
    return "\n".join(line for one in found.scenes for line in (one.what, *one.details))


def a_life() -> Ledger:
    """A plan, its bracket, a fill, a halt, a cancel that somebody wanted; and a stranger."""
    ledger = Ledger()
    ledger.work(order_terms("o-other"))
    asked = e.Asked(
        decision_id="d-1",
        symbol="AAPL",
        action="BUY LONG",
        size=Decimal(5000),
        unit="DOLLARS",
        limit_price=Decimal(100),
        confidence=Decimal("0.7"),
        rationale="it rises",
    )
    check = Check(
        code="MAX_ORDER_NOTIONAL_EXCEEDED",
        result=CheckResult.PASS,
        observed=Decimal("1E+3"),
        limit=Decimal(50000),
        unit=Unit.USD,
    )
    violation = Violation(
        code="SWING_DAY_ENTRY", severity=Severity.INFO, message="anew", instrument_id="AAPL"
    )
    ledger.apply(
        evolve(
            judged("o-entry"),
            asked=(asked, evolve(asked, decision_id="", confidence=None, rationale="")),
            checks=(check, evolve(check, result=CheckResult.FAIL, limit=None)),
            violations=(violation,),
            left_out=("d-2",),
            rationale="a plan",
        )
    )
    ledger.wait(1)
    ledger.work(bracket("o-entry", "10"))
    ledger.wait(0.5)
    ledger.fill(bracket("o-entry", "10"), "4")
    ledger.apply(
        e.TradingRestricted(
            at=ledger.now,
            cause=Cause.OPERATOR,
            state=TradingState.HALTED,
            reason="lunch",
            actor="cli:ann",
        )
    )
    ledger.ask_cancel("o-entry")
    ledger.work(order_terms("o-third"))
    ledger.wait(1)
    ledger.end(bracket("o-entry", "10"), OrderStatus.CANCELED, "4")
    ledger.apply(e.MassCancelOwed(at=ledger.now, reason="after the end"))
    return ledger


def test_it_begins_with_the_plan_and_ends_with_the_order() -> None:
    found = told(a_life(), "o-entry")

    assert whats(found)[0] == "plan plan-1 was judged"
    assert whats(found)[1] == "intended"
    assert "CANCELED" in whats(found)[-1]
    assert [one.sequence for one in found.scenes] == sorted(one.sequence for one in found.scenes)


def test_the_verdict_comes_with_its_numbers_and_what_was_asked_for() -> None:
    lines = told(a_life(), "o-entry").scenes[0].details

    assert "rationale: a plan" in lines
    assert "asked: d-1: BUY LONG 5000 DOLLARS AAPL, limit 100, confidence 0.7" in lines
    assert "  because: it rises" in lines
    assert "asked: BUY LONG 5000 DOLLARS AAPL, limit 100" in lines
    assert "check: MAX_ORDER_NOTIONAL_EXCEEDED 1000 of 50000 USD" in lines
    assert "check: FAIL MAX_ORDER_NOTIONAL_EXCEEDED 1000 of - USD" in lines
    assert "info: SWING_DAY_ENTRY (AAPL): anew" in lines
    assert "left out: d-2" in lines


def test_the_family_is_in_it_and_strangers_are_not() -> None:
    found = told(a_life(), "o-entry")

    assert {terms.purpose.value for terms in found.family} == {"ENTRY", "TAKE_PROFIT", "STOP_LOSS"}
    assert "o-other" not in text(found)
    assert "o-third" not in {one.order_id for one in found.scenes}


def test_who_cancelled_and_why_and_what_had_happened_to_trading() -> None:
    everything = text(told(a_life(), "o-entry"))

    assert "me wants it cancelled\ntest" in everything
    assert "trading became HALTED (operator)\nlunch (cli:ann)" in everything
    assert "after the end" not in everything, "what came later had nothing to do with it"


def test_each_scene_has_its_time_since_the_intent_and_the_brokers_own() -> None:
    found = told(a_life(), "o-entry")
    by_what = {one.what: one for one in found.scenes}

    assert by_what["intended"].after == timedelta(0)
    assert by_what["filled"].after == timedelta(seconds=0.5)
    acknowledged = next(one for one in found.scenes if one.what.startswith("the broker has it"))
    assert acknowledged.broker_time is not None


def test_any_id_of_any_of_the_family_finds_it() -> None:
    ledger = a_life()
    child = ledger.book.children("o-entry")[0]
    assert child.broker_order_id is not None
    names = [
        "o-entry",
        bracket("o-entry", "10").client_order_id,
        broker_id("o-entry"),
        child.order_id,
        child.broker_order_id,
    ]

    stories = [told(ledger, name) for name in names]

    assert all(one.scenes == stories[0].scenes for one in stories)
    assert stories[-1].order_id == child.order_id


def test_an_id_that_nobody_has_has_no_story() -> None:
    records = a_life().records
    assert story(lambda: records, "nobody") is None
    assert story(list, "nobody") is None


def test_every_kind_of_event_about_an_order_is_told_in_words() -> None:
    ledger = busy_day()
    kinds = {type(one.event).__name__ for one in ledger.records}
    seen: set[str] = set()

    for order in ledger.book.orders():
        for scene in told(ledger, order.order_id).scenes:
            seen.add(scene.what)
            assert scene.what not in kinds, "an event without words"

    assert any("was corrected" in one for one in seen)
    assert any(one.startswith("replaced ") for one in seen)
    assert any("outcome unknown" in one for one in seen)
    assert any("as the broker's figures show" in one for one in seen)


def test_an_exit_that_a_level_caused_is_told_with_the_level() -> None:
    ledger = Ledger()
    ledger.intend(order_terms("o-exit"))
    ledger.apply(
        e.ProtectionTriggered(
            at=NOW,
            symbol="AAPL",
            kind="stop_loss",
            level=Decimal(95),
            price=Decimal(94),
            exit_order_id="o-exit",
        ),
        e.RunStopped(at=NOW),
        e.RunStarted(
            at=NOW,
            version="1",
            config_hash="",
            environment=Environment.PAPER,
            account_id="PA1",
        ),
        e.MassCancelConfirmed(at=NOW),
        e.CancelRefused(at=NOW, order_id="o-exit", reason="too late"),
    )

    everything = text(told(ledger, "o-exit"))

    assert "stop_loss reached\nlevel 95, price 94" in everything
    for words in ("Cream stopped in order", "Cream 1 started", "everything was cancelled"):
        assert words in everything


def test_the_legs_of_a_roll_are_told_with_what_each_does() -> None:
    ledger = Ledger()
    legs = (leg(CALL, -1, closes=True), leg(PUT, 2))
    ledger.intend(
        order_terms(
            "o-roll", "3", purpose=OrderPurpose.ROLL, order_class=OrderClass.MLEG, legs=legs
        )
    )

    assert told(ledger, "o-roll").scenes[0].details[:3] == (
        "ROLL: BUY 3 AAPL MARKET MLEG DAY",
        f"leg: sell_to_close 1 {CALL.symbol}",
        f"leg: buy_to_open 2 {PUT.symbol}",
    )


def test_the_roll_that_an_order_belongs_to_is_part_of_its_story() -> None:
    ledger = Ledger()
    terms = evolve(order_terms("o-close", "2", instrument=CALL, limit="1"), plan_id="roll-1")
    ledger.apply(a_roll_owed(actor="kim"), a_roll_owed(roll_id="roll-2"))
    ledger.wait(1)
    ledger.work(terms)
    ledger.apply(
        RollSettled(
            at=ledger.now,
            roll_id="roll-1",
            outcome="rolled",
            closed=Decimal(2),
            opened=Decimal(2),
            message="all of it is rolled",
        )
    )

    found = told(ledger, "o-close")

    assert whats(found)[0] == "a roll was owed"
    assert whats(found)[-1] == "the roll is over: rolled"
    assert found.scenes[0].details == ("because of delta, asked for by kim",)
    assert found.scenes[0].after is None
    assert whats(found).count("a roll was owed") == 1
