"""OCC symbols: what is read, what is written, and what is refused with which words."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cream.core.model.instrument import Equity, OptionContract, OptionRight
from cream.core.options.occ import compact, expires_at, parse_instrument, parse_occ

AAPL_CALL = OptionContract("AAPL", date(2026, 12, 18), OptionRight.CALL, Decimal(240))

contracts = st.builds(
    OptionContract,
    underlying=st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=6),
    expiration=st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    right=st.sampled_from(OptionRight),
    strike=st.integers(1, 99_999_999).map(lambda thousandths: Decimal(thousandths) / 1000),
)


@given(contracts)
def test_the_padded_symbol_of_every_contract_is_read_back_as_that_contract(
    contract: OptionContract,
) -> None:
    assert len(contract.symbol) == 21
    assert parse_occ(contract.symbol) == contract
    assert parse_occ(contract.symbol).symbol == contract.symbol


@given(contracts)
def test_the_compact_symbol_of_every_contract_is_read_back_as_that_contract(
    contract: OptionContract,
) -> None:
    assert " " not in compact(contract)
    assert parse_occ(compact(contract)) == contract


@given(st.text(max_size=30))
def test_any_other_text_is_refused_or_is_exactly_one_of_the_two_forms(text: str) -> None:
    """There is no third spelling: what is accepted can be written back character for character."""
    try:
        contract = parse_occ(text)
    except ValueError:
        return
    assert text in (contract.symbol, compact(contract))


@given(contracts, st.integers(0, 20), st.characters(codec="utf-8"))
def test_one_changed_character_never_gives_the_same_contract(
    contract: OptionContract, place: int, character: str
) -> None:
    symbol = contract.symbol
    changed = symbol[:place] + character + symbol[place + 1 :]
    if changed == symbol:
        return
    try:
        other = parse_occ(changed)
    except ValueError:
        return
    assert other != contract


def test_the_example_of_the_documentation_is_read() -> None:
    assert parse_occ("AAPL  261218C00240000") == AAPL_CALL
    assert parse_occ("AAPL261218C00240000") == AAPL_CALL
    assert compact(AAPL_CALL) == "AAPL261218C00240000"
    assert str(parse_occ("F     261218P00012500").strike) == "12.50"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has 0 characters"),
        ("261218C00240000", "has 15 characters"),
        ("AAPL   261218C00240000", "has 22 characters"),
        ("AAPL 261218C00240000", "exactly 6 characters"),
        ("      261218C00240000", "root ''"),
        (" AAPL 261218C00240000", "root ' AAPL'"),
        ("AA PL 261218C00240000", "root 'AA PL'"),
        ("aapl  261218C00240000", "root 'aapl'"),
        ("AAPL1 261218C00240000", "adjusted contract"),
        ("AAPL1261218C00240000", "adjusted contract"),
        ("BRK.B 261218C00240000", "root 'BRK.B'"),
        ("AAPL  261218X00240000", "C or P"),
        ("AAPL  261218c00240000", "C or P"),
        ("AAPL  26121 C00240000", "yymmdd"),
        ("AAPL  261218C0024000\u0660", "eight digits"),
        ("AAPL  260231C00240000", "2026-02-31 is not a date"),
        ("AAPL  261218C00000000", "strike is zero"),
    ],
)
def test_a_wrong_symbol_is_refused_with_what_is_wrong(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_occ(text)


@pytest.mark.parametrize("ticker", ["A", "AAPL", "GOOGL", "BRK.B"])
def test_a_ticker_is_an_equity(ticker: str) -> None:
    assert parse_instrument(ticker) == Equity(ticker)


def test_an_option_symbol_is_an_option_contract() -> None:
    assert parse_instrument("AAPL261218C00240000") == AAPL_CALL


@pytest.mark.parametrize("text", ["", "aapl", "TOOLONG", "AA PL", "AAPL ", "BRK.", "A1", "1"])
def test_what_is_neither_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="neither a ticker"):
        parse_instrument(text)


def test_a_long_text_is_judged_as_an_option_symbol() -> None:
    with pytest.raises(ValueError, match="adjusted contract"):
        parse_instrument("AAPL1 261218C00240000")


def test_a_contract_expires_at_four_in_the_afternoon_in_new_york() -> None:
    assert expires_at(AAPL_CALL) == datetime(2026, 12, 18, 21, tzinfo=UTC)
    summer = OptionContract("AAPL", date(2026, 6, 19), OptionRight.PUT, Decimal(240))
    assert expires_at(summer) == datetime(2026, 6, 19, 20, tzinfo=UTC)
