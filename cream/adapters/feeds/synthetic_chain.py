"""Which options does the simulated market list? Those of the simulated exchange, with quotes."""

import trio
from attrs import frozen

from cream.adapters.feeds.settings import SyntheticSettings
from cream.adapters.feeds.synthetic import SyntheticMarket
from cream.core.exchange.calendar import is_trading_day
from cream.core.exchange.option_listing import contracts, open_interest
from cream.core.model.errors import CreamError
from cream.core.options.chain import ChainFilter, ListedOption, Listing
from cream.core.options.occ import NEW_YORK, expires_at
from cream.core.ports import Clock

# Contracts that are quoted before everyone else gets a turn: about two milliseconds.
_TURN = 40


@frozen
class SyntheticChains:
    """The OptionChains port over a synthetic market. It knows of no volume."""

    market: SyntheticMarket
    settings: SyntheticSettings
    clock: Clock

    @property
    def name(self) -> str:
        """What logs and people call it."""
        return self.market.name

    async def listing(self, wanted: ChainFilter) -> Listing:
        """Every listed option that `wanted` admits and that has not expired.

        Raises: CreamError NOT_FOUND.
        """
        symbol, now = wanted.underlying, self.clock.now()
        centre = self.settings.price_by_symbol().get(symbol)
        quote = self.market.latest(symbol)
        if centre is None or quote is None:
            raise CreamError("NOT_FOUND", f"the simulated market lists no options on {symbol}")
        today = now.astimezone(NEW_YORK).date()
        listed: list[ListedOption] = []
        for number, contract in enumerate(contracts(symbol, quote.mid, today, is_trading_day)):
            if number % _TURN == 0:
                await trio.lowlevel.checkpoint()
            if not wanted.admits(contract) or now >= expires_at(contract):
                continue
            listed.append(
                ListedOption(
                    contract=contract,
                    quote=self.market.latest(contract.symbol),
                    open_interest=open_interest(contract, centre),
                )
            )
        return Listing(symbol=symbol, underlying=quote, options=tuple(listed))
