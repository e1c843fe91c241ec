"""Which options do agents trade? Single ones with their levels, spreads, and the ends of both."""

from decimal import Decimal

from attrs import frozen

from cream.core.model.plan import (
    Action,
    Decision,
    Direction,
    OptionLeg,
    PositionIntent,
    RiskDenomination,
    Size,
    SizeUnit,
    StrategyFamily,
)
from tests.simulation.chance import Chance
from tests.simulation.exchange import Exchange
from tests.simulation.seasons import HIGH, LOW, PUT, SINGLE, Season

_CENT = Decimal("0.01")
_MOST = 5


@frozen
class OptionPlans:
    """Decisions about options, by what the market shows."""

    exchange: Exchange

    @property
    def _chance(self) -> Chance:
        return self.exchange.world.chance

    @property
    def _season(self) -> Season:
        return self.exchange.world.season

    def single(self, number: object) -> Decision:
        """Buy a call, or sell a put."""
        long = self._chance.draw("option is bought", number) < 0.4
        contract = self._season.contract(SINGLE if long else PUT)
        quote = self.exchange.market.latest(contract.symbol)
        assert quote is not None
        sign = 1 if long else -1
        price = quote.ask if long else quote.bid
        price = max(_CENT, price + sign * self._away(number))
        risk = Decimal(f"{self._chance.uniform(0.1, 0.4, 'option risk', number):.2f}")
        return Decision(
            decision_id="d",
            instrument=contract,
            action=Action.BUY if long else Action.SELL,
            direction=Direction.LONG if long else Direction.SHORT,
            size=self._size(number),
            limit_price=price,
            stop_loss=(price * (1 - sign * risk)).quantize(_CENT),
            take_profit=max(_CENT, (price * (1 + sign * risk * 2)).quantize(_CENT)),
            denomination=RiskDenomination.OPTION_PRICE,
            strategy_family=StrategyFamily.OPTION_LONG if long else StrategyFamily.OPTION_SHORT,
        )

    def spread(self, number: object, *, opens: bool, most: Decimal | None = None) -> Decision:
        """Buy a call spread for a debit, or close `most` of them for a credit."""
        words = PositionIntent
        low, high = self._season.contract(LOW), self._season.contract(HIGH)
        if opens:
            legs = (OptionLeg(low, 1, words.BUY_TO_OPEN), OptionLeg(high, -1, words.SELL_TO_OPEN))
        else:
            legs = (
                OptionLeg(high, 1, words.BUY_TO_CLOSE),
                OptionLeg(low, -1, words.SELL_TO_CLOSE),
            )
        bought, sold = (self.exchange.market.latest(leg.contract.symbol) for leg in legs)
        assert bought is not None
        assert sold is not None
        return Decision(
            decision_id="d",
            instrument=low,
            action=Action.BUY if opens else Action.CLOSE,
            direction=Direction.LONG if opens else Direction.FLAT,
            size=self._size(number, most),
            legs=legs,
            net_limit_price=bought.ask - sold.bid + self._away(number),
            denomination=RiskDenomination.OPTION_PRICE,
            strategy_family=StrategyFamily.VERTICAL_SPREAD,
        )

    def _size(self, number: object, most: Decimal | None = None) -> Size:
        bound = _MOST if most is None else int(most)
        quantity = 1 + self._chance.below(bound, "contracts", number)
        return Size(Decimal(quantity), SizeUnit.CONTRACTS)

    def _away(self, number: object) -> Decimal:
        """How much more than it costs is offered: less, and it rests."""
        cents = self._chance.choose((5, 5, 5, 2, -10, -40), "option offer", number)
        return _CENT * cents
