"""Halts and their ends, by the codes of both tapes."""

import pytest

from cream.core.market.halts import HaltBoard
from cream.core.model.ticks import StatusChanged
from tests.unit.core.market.ticks import a_trade, at


def status(code: str, seconds: float = 0.0, message: str = "", reason: str = "") -> StatusChanged:
    return StatusChanged(
        symbol="AAPL",
        code=code,
        message=message,
        reason_code=reason,
        reason="",
        at_ns=at(seconds),
    )


@pytest.mark.parametrize(("halts", "resumes"), [("H", "T"), ("P", "T"), ("2", "3")])
def test_a_halt_lasts_until_trading_resumes(halts: str, resumes: str) -> None:
    board = HaltBoard()

    assert board.changed(status(halts, 0, "Trading Halt", "LUDP"))
    assert board.why("AAPL") == "Trading Halt: LUDP"
    assert board.symbols == ("AAPL",)
    assert not board.changed(status(halts, 1))
    assert not board.changed(status("Q", 2)), "quotes come first"
    assert board.changed(status(resumes, 3))
    assert board.why("AAPL") is None


def test_only_quotes_since_the_resumption_count() -> None:
    board = HaltBoard()
    board.changed(status("H"))

    assert not board.counts("AAPL", at(1))
    board.changed(status("T", 3))

    assert not board.counts("AAPL", at(2.9))
    assert board.counts("AAPL", at(3))


def test_an_older_status_that_comes_late_changes_nothing() -> None:
    board = HaltBoard()
    board.changed(status("H", 10))
    board.changed(status("T", 20))

    assert not board.changed(status("H", 15))
    assert not board.changed(status("T", 30)), "nothing is halted"
    assert board.why("AAPL") is None


def test_regular_prints_say_that_a_halt_whose_end_was_missed_is_over() -> None:
    board = HaltBoard()
    board.changed(status("H"))

    assert not board.printed(a_trade("1", "1", 9)), "it may have been reported late"
    assert board.printed(a_trade("1", "1", 10))
    assert board.why("AAPL") is None
    assert not board.printed(a_trade("1", "1", 11))


def test_a_halt_without_words_is_named_by_its_code() -> None:
    board = HaltBoard()
    board.changed(status("H"))

    assert board.why("AAPL") == "status H"
