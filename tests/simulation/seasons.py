"""In which season of its options does a history take place, and which contracts are there?

A small grid of options on one share. Each of them is only ever owned or only ever owed, so that
what is held is known to be wrong by its sign alone: the strike says which. Every seed has one
season: without options, far from any last day, at the cut-off of one, or near enough to be rolled.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum

import trio
from attrs import evolve, frozen

from cream.adapters.feeds.synthetic import SyntheticMarket
from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.options.chain import ChainFilter, ListedOption, Listing
from cream.core.options.roll_rules import RollRule, RollRules, RollTarget
from cream.core.options.rolling import RollMode, RollPolicy
from cream.daemon.tree import TreeSettings

UNDERLYING = "AAPL"
# What may be held of one contract: so few that the limit is met.
MAX_CONTRACTS = 12
_CALL, _PUT = OptionRight.CALL, OptionRight.PUT
# A call that is bought alone, the two legs of a call spread, and a put that is sold alone.
SINGLE, LOW, HIGH, PUT = (
    (_CALL, Decimal(230)),
    (_CALL, Decimal(235)),
    (_CALL, Decimal(245)),
    (_PUT, Decimal(235)),
)
_SIGNS = {SINGLE: 1, LOW: 1, HIGH: -1, PUT: -1}
# A limit that is missed is taken back after so many seconds, of which a history has time for.
_FILL_SECONDS = 6.0
_LOOK_SECONDS = 8.0
# Minutes before the close of the last day at which everything is closed: the daemon's default.
CUTOFF_MINUTES = 90


class Season(Enum):
    """Where the clock stands: when it begins, the days on which options end.

    The first of them is the one that agents open.
    """

    SHARES = (datetime(2026, 11, 23, 15, 0, tzinfo=UTC), ())
    PLAIN = (datetime(2026, 11, 23, 15, 0, tzinfo=UTC), (date(2026, 12, 18),))
    LAST_DAY = (
        datetime(2026, 12, 18, 19, 23, tzinfo=UTC),
        (date(2026, 12, 18), date(2027, 1, 15)),
    )
    ROLLING = (
        datetime(2026, 11, 23, 18, 0, tzinfo=UTC),
        (date(2026, 11, 27), date(2026, 12, 24)),
    )

    @property
    def start(self) -> datetime:
        """When a history begins."""
        return self.value[0]

    @property
    def days(self) -> tuple[date, ...]:
        """The last days of what is listed."""
        return self.value[1]

    def contract(self, name: tuple[OptionRight, Decimal], later: int = 0) -> OptionContract:
        """One contract of the grid, of the first of the days or a later one."""
        return OptionContract(UNDERLYING, self.days[later], *name)

    def contracts(self) -> tuple[OptionContract, ...]:
        """All of the grid."""
        return tuple(
            self.contract(name, number) for number in range(len(self.days)) for name in _SIGNS
        )


# Options cost time: two thirds of the histories have shares alone.
SEASONS = (*6 * (Season.SHARES,), Season.PLAIN, Season.LAST_DAY, Season.ROLLING)


def sign_of(contract: OptionContract) -> int:
    """Whether the contract is one that is owned, or owed."""
    return _SIGNS[contract.right, contract.strike]


def with_options(settings: TreeSettings, season: Season, *, urgently: bool) -> TreeSettings:
    """The daemon's settings for a season. `urgently`: all is rolled at once, at what it costs."""
    limits = settings.constraints
    wide = evolve(
        limits.options,
        max_delta_per_underlying_shares=Decimal(100_000),
        max_portfolio_delta=Decimal(100_000),
        max_portfolio_gamma=Decimal(100_000),
        max_portfolio_vega=Decimal(100_000),
        max_portfolio_theta=Decimal(-100_000),
        min_minutes_to_expiry=CUTOFF_MINUTES,
    )
    per_instrument = evolve(limits.per_instrument, max_contracts=MAX_CONTRACTS)
    constraints = evolve(limits, options=wide, per_instrument=per_instrument)
    policy = RollPolicy(
        mode=RollMode.ACTIVE,
        urgent_days=6 if urgently else 3,
        most_short_delta=None,
        fill_timeout=timedelta(seconds=_FILL_SECONDS),
    )
    rules = RollRules(
        enabled=season is Season.ROLLING,
        dry_run=False,
        look_seconds=_LOOK_SECONDS,
        others=RollRule(policy=policy, target=RollTarget()),
    )
    return evolve(settings, constraints=constraints, rolling=rules)


@frozen
class GridChains:
    """The OptionChains port over the grid."""

    market: SyntheticMarket
    season: Season

    @property
    def name(self) -> str:
        return "grid"

    async def listing(self, wanted: ChainFilter) -> Listing:
        """Every option of the grid that is wanted."""
        await trio.lowlevel.checkpoint()
        listed = (one for one in self.season.contracts() if wanted.admits(one))
        return Listing(
            symbol=wanted.underlying,
            underlying=self.market.latest(wanted.underlying),
            options=tuple(
                ListedOption(contract=one, quote=self.market.latest(one.symbol)) for one in listed
            ),
        )
