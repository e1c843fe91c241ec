from decimal import Decimal

from attrs import evolve

from cream.core.model.plan import Decision, Environment, SizeUnit
from cream.core.model.verdict import Suggestion
from cream.core.risk.asks import Origin, asks_of
from cream.core.risk.limits import Constraints
from cream.core.risk.trial import MOST_REVIEWS, Trial, admitted_part, suggestions
from cream.core.risk.view import PortfolioView, scene_of
from tests.unit.core.risk.scenes import (
    LIMITS,
    NOW,
    WIDE,
    buy,
    d,
    held,
    limits,
    plan,
    spread,
    trim,
    view,
)


def trial(*decisions: Decision, on: PortfolioView | None = None, by: Constraints = LIMITS) -> Trial:
    asked = plan(*decisions)
    origin = Origin(
        environment=Environment.PAPER, account_id="PA-1", plan_id="plan-1", cycle_id="cycle-1"
    )
    return Trial(asked, asks_of(asked), scene_of(on or view()), origin, by, NOW)


def sizes(*decisions: Decision, **context: object) -> list[Decimal | None]:
    of = trial(*decisions, **context)  # type: ignore[arg-type]
    return [one.quantity for one in suggestions(of, [of.intent(ask) for ask in of.asks])]


def admitted(*decisions: Decision, **context: object) -> tuple[list[str], list[str], list[str]]:
    of = trial(*decisions, **context)  # type: ignore[arg-type]
    part, rest, reasons = admitted_part(of, [of.intent(ask) for ask in of.asks])
    return (
        [intent.decision.decision_id for intent in part],
        [intent.decision.decision_id for intent in rest],
        [reason.code for reason in reasons],
    )


def test_the_greatest_size_that_passes_is_suggested() -> None:
    """10,000 dollars in one instrument are 41 shares at 238.50."""
    assert sizes(buy(quantity=900)) == [41]


def test_room_is_given_to_decisions_in_plan_order() -> None:
    parts = [buy(quantity=15, decision_id=str(index)) for index in range(5)]

    assert sizes(*parts) == [15, 15, 11, None, None]


def test_no_more_is_suggested_than_was_asked_for() -> None:
    assert sizes(buy(quantity=900), buy("XOM", 3, limit="116", stop="110", target="130")) == [41, 3]


def test_nothing_is_suggested_where_not_one_unit_passes() -> None:
    assert sizes(buy(), on=view(held("AAPL", 60))) == [None]


def test_money_is_suggested_in_units() -> None:
    assert sizes(buy(quantity=50_000, unit=SizeUnit.DOLLARS)) == [41]


def test_spreads_are_suggested_in_spreads() -> None:
    """2 % of 100,000 dollars at 310 each."""
    assert sizes(spread(50)) == [6]


def test_an_exit_is_cut_to_what_can_be_closed() -> None:
    assert sizes(trim(quantity=50), on=view(held("AAPL", 7))) == [7]


def test_a_fraction_is_cut_to_whole_units() -> None:
    assert sizes(buy(quantity="10.5")) == [10]
    assert sizes(buy(quantity="0.5")) == [None]


def test_a_search_is_bounded_and_what_was_not_tried_is_not_suggested() -> None:
    of = trial(buy(quantity=900))
    of.reviews = MOST_REVIEWS
    intents = [of.intent(ask) for ask in of.asks]

    assert suggestions(of, intents) == (Suggestion(intents[0].decision.decision_id, None),)


def test_a_search_that_runs_out_gives_what_passed_so_far() -> None:
    of = trial(buy(quantity=900))
    of.reviews = MOST_REVIEWS - 3
    intents = [of.intent(ask) for ask in of.asks]

    (found,) = suggestions(of, intents)

    assert found.quantity is not None
    assert found.quantity < 41


def test_what_cannot_be_sized_is_not_suggested() -> None:
    of = trial(evolve(buy(), tactic="VWAP"), buy(quantity=5, unit=SizeUnit.PCT_EQUITY, limit=None))
    blind = evolve(of.intent(of.asks[1]), quantity=None)

    assert suggestions(of, [blind])[0].quantity is None


def test_decisions_are_admitted_in_plan_order() -> None:
    parts = [buy(quantity=size, decision_id=str(size)) for size in (30, 20, 11)]

    assert admitted(*parts) == (
        ["30", "11"],
        ["20"],
        ["PER_INSTRUMENT_PCT_EQUITY_EXCEEDED"],
    )


def test_an_exit_admitted_before_makes_room() -> None:
    by = evolve(WIDE, portfolio=evolve(WIDE.portfolio, max_gross_notional=d(5200)))
    on = view(held("MSFT", 10))
    entry, exit_ = buy(decision_id="entry"), trim("MSFT", 5, decision_id="exit")

    assert admitted(exit_, entry, on=on, by=by)[0] == ["exit", "entry"]
    assert admitted(entry, exit_, on=on, by=by)[0] == ["exit"]


def test_of_a_plan_that_is_refused_as_such_nothing_is_admitted() -> None:
    by = limits(plan={"max_decisions": 1})

    part, rest, reasons = admitted(buy(decision_id="a"), buy(decision_id="b"), by=by)

    assert (part, rest, reasons) == ([], ["a", "b"], ["TOO_MANY_DECISIONS"])


def test_each_reason_is_given_once() -> None:
    on = view(held("AAPL", 60))

    _, rest, reasons = admitted(buy(decision_id="a"), buy(decision_id="b"), on=on)

    assert rest == ["a", "b"]
    assert reasons.count("PER_INSTRUMENT_PCT_EQUITY_EXCEEDED") == 2
