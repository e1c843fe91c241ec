"""What ticks amount to."""

from datetime import datetime
from decimal import Decimal

from attrs import evolve

from cream.core.exchange.calendar import SessionMode, Sessions
from cream.core.market.health import DISCONNECTED, FEED_STALE
from cream.core.market.tape import Tape, moment
from cream.core.model.market import MarketStatus, Quote
from cream.core.model.ticks import StatusChanged, Trade, TradeCancelled, TradeCorrected
from tests.unit.core.market.ticks import NOON, a_quote, a_trade, at

OPTION = "AAPL  261218C00240000"


def a_tape(mode: SessionMode = SessionMode.CALENDAR) -> Tape:
    return Tape(Sessions(mode).status_at)


def tell(tape: Tape, quote: Quote, now: float | None = None) -> bool:
    """The quote, as soon as the exchange has said it."""
    assert quote.at_ns is not None
    late = (quote.at_ns - at(0)) / 1e9 if now is None else now
    return tape.quoted(quote, at(late), late)


def traded(tape: Tape, trade: Trade) -> bool:
    """The print, as soon as the exchange has said it."""
    return tape.traded(trade, trade.at_ns)


def halt(code: str, seconds: float, symbol: str = "AAPL") -> StatusChanged:
    return StatusChanged(
        symbol=symbol, code=code, message="", reason_code="", reason="", at_ns=at(seconds)
    )


def test_the_newest_usable_quote_is_the_latest() -> None:
    tape = a_tape()

    assert tape.latest("AAPL") is None
    assert tell(tape, a_quote("100", "101"))
    assert not tell(tape, a_quote("0", "101", 1))
    assert tape.latest("AAPL") == a_quote("100", "101")
    assert tape.health(at(1), 1.0).unusable_quotes == (("one_sided", 1),)


def test_what_is_said_on_a_saturday_is_no_price_and_no_sale() -> None:
    tape, saturday = a_tape(), -2 * 86_400

    assert not tell(tape, a_quote("1.10", "1.12", saturday))
    assert not traded(tape, a_trade("1.10", "1", saturday))
    assert tape.latest("AAPL") is None
    assert not tape.lasts


def test_prints_count_as_their_conditions_allow() -> None:
    tape = a_tape()
    tell(tape, a_quote("100", "101"))

    assert traded(tape, a_trade("101", "10", conditions=("@",)))
    assert not traded(tape, a_trade("100.2", "5", conditions=("@", "I"))), "an odd lot"
    assert not traded(tape, a_trade("100.9", "1000", conditions=("M",))), "counted elsewhere"
    assert not traded(tape, a_trade("1.1", "1000")), "far from the market"
    assert not traded(tape, a_trade("0", "1000"))

    shown = tape.microstructure("AAPL", at(1))
    assert shown is not None
    assert (shown.volume, shown.buy_volume, shown.last) == (15, 10, 101)


def test_prints_are_taken_back_and_corrected() -> None:
    tape = a_tape()
    traded(tape, a_trade("100", "10", trade_id="1", exchange="V"))
    traded(tape, a_trade("100", "5", trade_id="2", exchange="V"))

    tape.cancelled(TradeCancelled(symbol="AAPL", trade_id="1", exchange="V", at_ns=at(1)))
    right = a_trade("100", "7", trade_id="3", exchange="V")
    tape.corrected(TradeCorrected(symbol="AAPL", original_id="2", exchange="V", corrected=right))
    unknown = evolve(right, symbol="XOM")
    tape.cancelled(TradeCancelled(symbol="XOM", trade_id="1", exchange="V", at_ns=at(1)))
    tape.corrected(TradeCorrected(symbol="XOM", original_id="2", exchange="V", corrected=unknown))

    shown = tape.microstructure("AAPL", at(1))
    assert shown is not None
    assert shown.volume == 7
    assert tape.microstructure("XOM", at(1)) is None


def test_a_halt_holds_a_symbol_and_its_options_until_fresh_quotes_come() -> None:
    tape = a_tape()
    stock, option = a_quote("100", "101"), a_quote("3", "3.1", symbol=OPTION)
    tell(tape, stock)
    tell(tape, option)
    assert tape.counts(stock)

    assert tape.status_changed(halt("H", 1))
    assert tape.halted("AAPL") is not None
    assert tape.halted(OPTION) is not None
    assert not tape.counts(stock)
    assert not tape.counts(option)

    assert tape.status_changed(halt("T", 300))
    assert tape.halted(OPTION) is None
    assert not tape.counts(stock), "it is from before"
    reopened = a_quote("60", "61", 301)
    assert tell(tape, reopened), "where it reopens is no jump"
    assert tape.counts(reopened)


def test_a_print_from_the_future_is_none_and_makes_no_other_too_old() -> None:
    tape = a_tape()
    tell(tape, a_quote("100", "101"))
    tape.status_changed(halt("H", 0))

    assert not tape.traded(a_trade("101", "9", 5.5), at(0)), "a clock may be off by five seconds"
    assert not tape.traded(a_trade("101", "9", 3600), at(0))

    assert tape.halted("AAPL") is not None
    assert tape.traded(a_trade("101", "5", 4.5), at(0))
    window = tape.microstructure("AAPL", at(1))
    assert window is not None
    assert window.volume == 5


def test_prints_end_a_halt_whose_end_was_missed() -> None:
    tape = a_tape()
    tape.status_changed(halt("H", 0))

    assert traded(tape, a_trade("100", "1", 20))

    assert tape.halted("AAPL") is None


def test_a_needed_symbol_that_is_silent_is_stale_in_the_session_only() -> None:
    tape = a_tape()
    tape.need(["AAPL", "XOM"], 0.0)
    tell(tape, a_quote("100", "101", 2))

    assert list(tape.stale(at(3), 3.0)) == []
    assert list(tape.stale(at(4), 4.0)) == ["XOM"]
    assert list(tape.stale(at(6), 6.0)) == ["AAPL", "XOM"]
    evening = 12 * 3600
    assert list(tape.stale(at(evening), 6.0)) == []
    tape.status_changed(halt("H", 5))
    assert list(tape.stale(at(6), 6.0)) == ["XOM"], "a halted one is silent for a reason"
    tape.need(["AAPL"], 6.0)
    assert list(tape.stale(at(6), 6.0)) == []


def test_the_same_quote_asked_for_again_still_stands() -> None:
    tape = a_tape()
    tape.need(["AAPL"], 0.0)
    told = a_quote("100", "101", 0)
    tell(tape, told)

    confirmed, gap = tape.confirmed(told, at(10), 10.0)

    assert confirmed is not None
    assert (confirmed.at, confirmed.as_of, gap) == (NOON, moment(at(10)), False)
    assert tape.latest("AAPL") == confirmed
    assert list(tape.stale(at(11), 11.0)) == []


def test_an_old_quote_is_not_believed_for_being_repeated() -> None:
    tape = a_tape()
    told = a_quote("100", "101", 0)
    tell(tape, told)

    assert tape.confirmed(told, at(61), 61.0) == (None, False)


def test_a_newer_quote_that_had_to_be_asked_for_is_a_gap() -> None:
    tape = a_tape()
    first = a_quote("100", "101", 0)
    assert tape.confirmed(first, at(0), 0.0) == (first, False), "nothing was expected before"

    newer = a_quote("99", "100", 5)

    assert tape.confirmed(newer, at(6), 6.0) == (newer, True)
    assert tape.confirmed(a_quote("0", "1", 7), at(7), 7.0) == (None, False)


def test_a_feed_that_was_away_has_a_gap_in_each_needed_symbol() -> None:
    tape = a_tape()
    tape.need(["XOM", "AAPL"], 0.0)

    assert tape.missed(["XOM", "AAPL", "MSFT"], at(0), 0.0) == ("AAPL", "XOM")
    assert tape.missed(["AAPL"], at(12 * 3600), 0.0) == ()
    assert tape.health(at(0), 0.0).gap_count == 2


def test_health_is_told_of_the_feed_and_its_symbols() -> None:
    tape = a_tape()
    tape.need(["AAPL"], 0.0)
    tape.status_changed(halt("H", 1, "XOM"))

    health = tape.health(at(10), 10.0, disconnected=True)

    assert health.issues == (FEED_STALE, DISCONNECTED)
    assert (health.stale_symbols, health.halted_symbols) == (("AAPL",), ("XOM",))


def test_what_nobody_needs_is_forgotten() -> None:
    tape = a_tape()
    tell(tape, a_quote("100", "101"))
    traded(tape, a_trade("100", "1"))

    tape.forget(["AAPL", "XOM"])

    assert not tape.symbols
    assert not tape.lasts


def test_a_symbol_that_makes_no_sense_stands_for_itself() -> None:
    tape = Tape(lambda _moment: MarketStatus.OPEN)

    assert tell(tape, a_quote("1", "1.01", symbol="FAKEPACA9"))
    assert tape.halted("FAKEPACA9") is None


def test_a_moment_is_cut_to_the_microsecond() -> None:
    assert moment(at(0) + 1_999) == datetime.fromtimestamp(NOON.timestamp(), NOON.tzinfo).replace(
        microsecond=1
    )


def test_the_last_sale_is_exact() -> None:
    tape = a_tape()
    traded(tape, a_trade("177.987562", "1"))

    assert tape.lasts == {"AAPL": Decimal("177.987562")}
