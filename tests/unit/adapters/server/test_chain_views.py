"""A chain leaves in the units of people, and says what it does not know."""

import pytest
from attrs import evolve

from cream.adapters.server.chain_views import chain_message, chain_view
from cream.adapters.server.turns import TURN
from cream.core.options.chain import OptionChain
from cream.wire import common_pb2
from tests.fakes.chains import SHARE, a_chain


async def test_in_json_theta_is_per_day_and_vega_and_rho_per_point() -> None:
    shown = await chain_view(a_chain())

    good, bad = shown.options
    assert (good.bid, good.ask, good.strike, good.type) == ("4.10", "4.15", "240", "CALL")
    assert (good.delta, good.gamma) == (0.5, 0.04)
    assert good.theta == pytest.approx(-0.1)
    assert good.vega == pytest.approx(0.25)
    assert good.rho == pytest.approx(0.08)
    assert (good.implied_volatility, good.model_price) == (0.19, 4.125)
    assert (good.flags, good.figures_from, good.valuation_status) == (("STALE",), "QUOTE", "OK")
    assert (good.open_interest, good.volume, good.quote_age_seconds) == (120, None, 7.5)
    assert (bad.bid, bad.ask, bad.bid_size, bad.ask_size, bad.quote_at) == (None,) * 5
    assert (bad.delta, bad.theta, bad.rho, bad.figures_from) == (None,) * 4
    assert (bad.flags, bad.valuation_status) == (("NO_QUOTE",), "NO_PRICE")
    assert bad.open_interest is None


async def test_in_json_the_underlying_has_its_price_and_age() -> None:
    shown = await chain_view(a_chain())

    assert (shown.underlying, shown.underlying_price) == ("AAPL", "238.40")
    assert (shown.underlying_bid, shown.underlying_ask) == ("238.39", "238.41")
    assert (shown.underlying_age_seconds, shown.underlying_is_stale) == (0.25, False)
    assert (shown.risk_free_rate, shown.dividend_yield, shown.matched) == (0.04, 0.0, 5)


async def test_on_the_wire_it_is_the_same_chain() -> None:
    message = await chain_message(a_chain())

    good, bad = message.options
    assert good.contract.option_type == common_pb2.OPTION_TYPE_CALL
    assert (good.contract.expiration, good.contract.strike) == ("2026-12-18", 240.0)
    assert (good.quote.bid, good.quote.ask, good.quote.volume) == (4.1, 4.15, 0)
    assert good.theta == pytest.approx(-0.1)
    assert good.vega == pytest.approx(0.25)
    assert good.rho == pytest.approx(0.08)
    assert (good.open_interest, good.open_interest_is_known) == (120, True)
    assert not good.HasField("volume")
    assert (list(good.flags), good.figures_from, good.valuation_status) == (
        ["STALE"],
        "QUOTE",
        "OK",
    )
    assert not bad.HasField("quote")
    assert not bad.HasField("implied_volatility")
    assert not bad.HasField("delta")
    assert not bad.HasField("quote_age_seconds")
    assert (bad.open_interest, bad.open_interest_is_known, bad.figures_from) == (0, False, "")
    assert (message.underlying_price, message.underlying_age_seconds) == (238.4, 0.25)
    assert (message.matched, message.risk_free_rate) == (5, 0.04)


async def test_an_underlying_without_a_price_is_null_in_json_and_zero_on_the_wire() -> None:
    """As the contract has it; its age and the flag tell the two apart."""
    crossed = evolve(a_chain(), underlying=evolve(SHARE, bid=SHARE.ask + 1))
    missing = evolve(a_chain(), underlying=None, underlying_age_seconds=None)

    assert (await chain_view(crossed)).underlying_price is None
    assert (await chain_view(missing)).underlying_bid is None
    message = await chain_message(missing)
    assert message.underlying_price == 0.0
    assert not message.HasField("underlying_age_seconds")


async def test_a_chain_of_many_turns_is_whole() -> None:
    chain = a_chain()
    many: OptionChain = evolve(chain, rows=chain.rows[:1] * (2 * TURN + 1))

    assert len((await chain_view(many)).options) == 2 * TURN + 1
    assert len((await chain_message(many)).options) == 2 * TURN + 1


async def test_a_volume_that_is_known_is_told() -> None:
    chain = a_chain()
    row = evolve(chain.rows[0], listed=evolve(chain.rows[0].listed, volume=41))
    chain = evolve(chain, rows=(row,))

    (message,) = (await chain_message(chain)).options

    assert (message.volume, message.quote.volume) == (41, 41)
    assert (await chain_view(chain)).options[0].volume == 41
