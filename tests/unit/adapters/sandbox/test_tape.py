from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cream.adapters.feeds.settings import SyntheticSettings
from cream.adapters.feeds.synthetic import SyntheticMarket
from cream.adapters.sandbox import tape as module
from cream.adapters.sandbox.refusals import Refusal
from cream.adapters.sandbox.tape import Tape
from cream.adapters.sandbox.words import symbol as symbol_text
from cream.core.model.instrument import Instrument
from tests.fakes.venue_lab import NOON

NOW = timedelta(0)


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> Any:
        return self.at


class Deck:
    """A tape, its clock, and what it has told."""

    def __init__(self) -> None:
        self.clock = Hands()
        self.market = SyntheticMarket(SyntheticSettings(tick_rate=0), self.clock)
        self.tape = Tape(self.market, self.clock)
        self.market.listen(self.tape.on_quote)
        self.told: list[tuple[str, str, dict[str, Any]]] = []
        self.tape.tell = self.note

    def note(self, channel: str, instrument: Instrument, message: dict[str, Any]) -> None:
        self.told.append((channel, symbol_text(instrument), message))

    def channels(self) -> list[str]:
        return [channel for channel, _, _ in self.told]

    def quote(self, bid: str, ask: str, symbol: str = "AAPL") -> None:
        self.market.set_quote(symbol, Decimal(bid), Decimal(ask), 100, 100)

    def passes(self, seconds: float) -> None:
        self.clock.at += timedelta(seconds=seconds)
        self.tape.advance()


def test_a_new_quote_leaves_a_print_and_one_stamped_anew_does_not() -> None:
    deck = Deck()
    deck.quote("10.00", "10.02")
    quote = deck.market.latest("AAPL")
    assert quote is not None
    deck.tape.on_quote(quote)
    assert [(channel, message["p"]) for channel, _, message in deck.told] == [
        ("trades", Decimal("10.01"))
    ]


def test_a_minute_that_is_over_is_told_with_its_day() -> None:
    deck = Deck()
    deck.quote("10.00", "10.02")
    deck.quote("11.00", "11.02")
    deck.passes(59)
    assert "bars" not in deck.channels()
    deck.passes(1)
    assert deck.channels() == ["trades", "trades", "bars", "dailyBars"]
    bar, day = deck.told[2][2], deck.told[3][2]
    assert (bar["o"], bar["c"], bar["v"]) == (Decimal("10.01"), Decimal("11.01"), 200)
    assert day["v"] == 200


def test_a_print_of_the_next_minute_ends_the_one_before() -> None:
    deck = Deck()
    deck.quote("10.00", "10.02")
    deck.clock.at += timedelta(minutes=1)
    deck.quote("11.00", "11.02")
    assert deck.channels() == ["trades", "trades", "bars", "dailyBars"]


@pytest.mark.parametrize("running", [True, False])
def test_a_late_trade_amends_the_bar_that_was_told(running: bool) -> None:
    """All but its close: the trade was not the last one."""
    deck = Deck()
    deck.quote("10.00", "10.02")
    deck.passes(60)
    if running:
        deck.quote("12.00", "12.02")
    deck.tape.print("AAPL", Decimal(15), 5, timedelta(minutes=1))
    channel, _, message = deck.told[-1]
    assert channel == "updatedBars"
    assert (message["h"], message["c"], message["v"]) == (15, Decimal("10.01"), 105)


def test_a_late_trade_of_a_minute_that_is_not_kept_moves_nothing() -> None:
    deck = Deck()
    deck.quote("10.00", "10.02")
    deck.passes(60)
    deck.tape.print("AAPL", Decimal(15), 5, timedelta(hours=1))
    assert deck.channels()[-1] == "trades"


def test_a_new_day_has_a_day_before_it() -> None:
    deck = Deck()
    deck.quote("10.00", "10.02")
    deck.passes(24 * 3600)
    deck.quote("11.00", "11.02")
    track = deck.tape.known("AAPL")
    assert track is not None
    assert track.day is not None
    assert track.day_before is not None
    assert (track.day_before.close, track.day.open) == (Decimal("10.01"), Decimal("11.01"))


def test_a_print_is_corrected_and_taken_back() -> None:
    deck = Deck()
    wrong = deck.tape.print("AAPL", Decimal(10), 5, NOW)
    right = deck.tape.correct("AAPL", wrong.number, Decimal(11), 6)
    deck.tape.cancel("AAPL", right.number, "E")
    correction, cancelled = deck.told[1][2], deck.told[2][2]
    assert (correction["oi"], correction["ci"]) == (wrong.number, right.number)
    assert (cancelled["i"], cancelled["a"], cancelled["p"]) == (right.number, "E", 11)
    assert deck.tape.last("AAPL") is None
    with pytest.raises(Refusal, match="no print"):
        deck.tape.cancel("AAPL", right.number, "C")


def test_nothing_is_printed_in_a_halt() -> None:
    deck = Deck()
    deck.tape.halt("AAPL", "LUDP")
    deck.quote("10.00", "10.02")
    assert deck.channels() == ["statuses", "imbalances"]
    deck.tape.resume("AAPL")
    assert deck.channels() == ["statuses", "imbalances", "statuses", "trades"]
    assert [deck.told[index][2]["sc"] for index in (0, 2)] == ["H", "T"]


def test_in_a_halt_each_quote_says_where_it_would_open_again() -> None:
    deck = Deck()
    deck.quote("10.00", "10.02")
    deck.tape.halt("AAPL", "LUDP")
    deck.quote("11.00", "11.02")
    deck.quote("12.00", "11.02")
    deck.quote("0", "11.02")
    (told,) = [message for channel, _, message in deck.told if channel == "imbalances"]
    assert (told["p"], set(told)) == (Decimal("11.01"), {"t", "p", "z"})
    deck.tape.imbalance("AAPL", Decimal(9))
    assert deck.told[-1][0::2] == (
        "imbalances",
        told | {"p": Decimal(9), "t": deck.told[-1][2]["t"]},
    )


def test_limits_are_told() -> None:
    deck = Deck()
    deck.tape.limit("AAPL", Decimal(12), Decimal(8))
    assert deck.told[0][0] == "lulds"
    assert (deck.told[0][2]["u"], deck.told[0][2]["d"]) == (12, 8)


def test_a_crossed_quote_and_one_without_a_bid_leave_no_print() -> None:
    deck = Deck()
    deck.quote("10.02", "10.00")
    deck.quote("0", "10.00")
    assert deck.told == []


def test_quotes_of_a_replayed_symbol_leave_no_print_of_their_own() -> None:
    deck = Deck()
    deck.tape.by_others.add("AAPL")
    deck.quote("10.00", "10.02")
    assert deck.told == []


@pytest.mark.parametrize(("price", "size"), [(0, 1), (1, 0)])
def test_a_print_of_nothing_is_refused(price: int, size: int) -> None:
    with pytest.raises(Refusal, match="above zero"):
        Deck().tape.print("AAPL", Decimal(price), size, NOW)


def test_of_too_many_symbols_the_oldest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_SYMBOLS", 2)
    deck = Deck()
    for symbol in ("AAPL", "MSFT", "SPY"):
        deck.quote("10.00", "10.02", symbol)
    assert deck.tape.known("AAPL") is None
    assert deck.tape.known("SPY") is not None
