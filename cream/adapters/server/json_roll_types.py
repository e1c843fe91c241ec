"""What does JSON say of options that would be rolled?

As in `json_types.py`: the classes are the reply and the OpenAPI document. Prices are decimals as
text.
"""

from datetime import datetime

from attrs import frozen


@frozen(kw_only=True)
class OptionRollLeg:
    """One contract of a position. `ratio` is signed: positive is owned, negative is owed."""

    symbol: str
    ratio: int


@frozen(kw_only=True)
class OptionRoll:
    """What would be done with one position in options. `quantity` is signed.

    A spread that was opened as one is one position, named by its first leg that is owed (else its
    first); `legs` are those of one unit that would be closed. `outcome` is ROLL, ROLL_URGENTLY or
    NONE; then `why` says why not, and the fields from `into` on are null. `reasons` are the
    triggers that have fired. Net prices are per share of one of `units` units (`close_ratio`
    contracts closed, `open_ratio` opened); positive is a debit. `net_natural` fills at once;
    `net_limit` is the worst that would be accepted. `as_one`: by one order, otherwise one that
    closes and then one that opens. `refused` says why the gate would not let it pass now; null: it
    would. `stop_loss` and `take_profit` are where carried levels would stand.
    """

    symbol: str
    quantity: str
    outcome: str
    reasons: tuple[str, ...]
    legs: tuple[OptionRollLeg, ...] = ()
    why: str | None = None
    into: str | None = None
    into_quantity: str | None = None
    units: int | None = None
    close_ratio: int | None = None
    open_ratio: int | None = None
    net_middle: str | None = None
    net_natural: str | None = None
    net_limit: str | None = None
    into_legs: tuple[OptionRollLeg, ...] | None = None
    as_one: bool | None = None
    refused: str | None = None
    stop_loss: str | None = None
    take_profit: str | None = None


@frozen(kw_only=True)
class OptionRollUnderWay:
    """A roll that is being made: `units` times, `legs` are closed and `into_legs` opened.

    `actor` is who has asked for it; empty: its rule has.
    """

    roll_id: str
    since: datetime
    units: int
    legs: tuple[OptionRollLeg, ...]
    into_legs: tuple[OptionRollLeg, ...]
    as_one: bool
    urgent: bool
    reasons: tuple[str, ...]
    actor: str


@frozen(kw_only=True)
class OptionRolls:
    """Every position in options, by symbol. `enabled`: whether rolls are looked for by themselves.

    `dry_run`: they are only told of, by whatever rule.
    """

    as_of: datetime
    enabled: bool
    dry_run: bool
    rolls: tuple[OptionRoll, ...]
    under_way: tuple[OptionRollUnderWay, ...] = ()
