"""Where quotes are not to be asked for volatilities: the daily bars of the sandbox are."""

from attrs import evolve
from trio.testing import MockClock

from cream.core.pricing.historical import historical_volatility
from cream.daemon.tree import TreeSettings
from cream.daemon.valuations import Rates
from tests.conformance.alpaca_world import life, quick
from tests.conformance.test_failure_modes_data import FEED, feed_of, one_call, refusals, told

DAYS = 10


def by_closes(settings: TreeSettings) -> TreeSettings:
    return evolve(quick(settings), rates=Rates(implied=False, window_days=DAYS))


async def test_an_option_is_judged_by_what_its_share_has_done(autojump_clock: MockClock) -> None:
    async with life(by_closes, streamed=FEED) as one:
        await told(one)
        valuer = one.operations.portfolio.ledger.valuer
        assert valuer.history_of("AAPL") is None

        assert await refusals(one, one_call("4.31")) == set()

        bars = await feed_of(one).bars("AAPL", 1440, DAYS + 2, adjusted=True)
        closes = [float(bar.close) for bar in bars][-DAYS - 2 : -1]
        assert valuer.history_of("AAPL") == historical_volatility(closes)


async def test_an_option_of_which_nothing_is_known_is_not_bought(
    autojump_clock: MockClock,
) -> None:
    """An unknown risk denies an increase."""
    async with life(by_closes, streamed=FEED) as one:
        await told(one)
        one.fault("rest.503_on", path="/v2/stocks/bars")
        assert await refusals(one, one_call("4.31")) == {"RISK_INPUT_UNKNOWN"}
