"""How does the market move in a history? In steps, with gaps through stops, and never far away."""

from decimal import Decimal

import trio
from attrs import define, field

from cream.adapters.feeds.synthetic import SyntheticMarket
from tests.simulation.judge_broker import SIGN_OF
from tests.simulation.seasons import UNDERLYING
from tests.simulation.world import World

# One move of each symbol in so many seconds.
STEP_SECONDS = 1.0
_STEP = 0.0030
_GAP, _GAP_CHANCE = 0.015, 0.01
# How strongly a price is drawn back to where it began.
_PULL = 0.01
# Quotes of options that are thin, until their share moves.
_THIN_CHANCE = 0.3
_THIN_SIZES = (1, 1, 2, 3)
_THIN_CENTS = (Decimal(0), Decimal("0.02"), Decimal("0.10"))
_SIZES = (2, 5, 10, 25, 400, 1_000)


@define(eq=False)
class Mover:
    """Moves the prices. A market that stands still is still quoted."""

    world: World
    market: SyntheticMarket
    stands_still: bool = False
    _began: dict[str, float] = field(factory=dict)
    _price: dict[str, float] = field(factory=dict)

    def begin(self) -> None:
        """Quote everything once, from where the market begins."""
        for symbol in SIGN_OF:
            quote = self.market.latest(symbol)
            assert quote is not None
            self._began[symbol] = self._price[symbol] = float(quote.mid)

    async def run(self) -> None:
        """Move, for as long as the history lasts."""
        chance, steps = self.world.chance, 0
        while True:
            steps += 1
            for symbol in SIGN_OF:
                if steps % self._pace(symbol):
                    continue
                if not self.stands_still:
                    self._move(symbol)
                size = chance.choose(_SIZES, "size", symbol)
                mid = Decimal(f"{self._price[symbol]:.2f}")
                half = Decimal("0.01")
                self.market.set_quote(symbol, mid - half, mid + half, size, size)
                if symbol == UNDERLYING:
                    self._thin_out()
            await trio.sleep(STEP_SECONDS)

    def _pace(self, symbol: str) -> int:
        """How many steps it takes to move. A share with options is slower: they all follow it."""
        return 2 if self.world.season.days and symbol == UNDERLYING else 1

    def set_price(self, symbol: str, price: float) -> None:
        """From the next step on it is quoted around `price`."""
        self._price[symbol] = price

    def _thin_out(self) -> None:
        """For some options there is less to be had for a moment, and it costs more."""
        chance = self.world.chance
        for contract in self.world.season.contracts():
            quote = self.market.latest(contract.symbol)
            if quote is None or chance.draw("thin", contract.symbol) >= _THIN_CHANCE:
                continue
            size = chance.choose(_THIN_SIZES, "thin size", contract.symbol)
            wider = chance.choose(_THIN_CENTS, "thin cents", contract.symbol)
            bid = max(Decimal(0), quote.bid - wider)
            bid_size = size if bid > 0 else 0
            self.market.set_quote(contract.symbol, bid, quote.ask + wider, bid_size, size)

    def _move(self, symbol: str) -> None:
        chance = self.world.chance
        step = chance.uniform(-_STEP, _STEP, "price", symbol)
        if chance.draw("gap", symbol) < _GAP_CHANCE:
            step += chance.choose((-_GAP, _GAP), "gap size", symbol)
        pull = (self._began[symbol] / self._price[symbol] - 1) * _PULL
        self._price[symbol] *= 1 + step + pull
