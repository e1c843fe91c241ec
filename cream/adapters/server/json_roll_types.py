"""What does JSON say of options that would be rolled?

As in `json_types.py`: the classes are the reply and the OpenAPI document. Prices are decimals as
text.
"""

from datetime import datetime

from attrs import frozen


@frozen(kw_only=True)
class OptionRoll:
    """What would be done with one option that is held. `quantity` is signed.

    `outcome` is ROLL, ROLL_URGENTLY or NONE; then `why` says why not, and the fields from `into` on
    are null. `reasons` are the triggers that have fired. Net prices are per share of one of `units`
    units (`close_ratio` contracts closed, `open_ratio` opened); positive is a debit. `net_natural`
    fills at once; `net_limit` is the worst that would be accepted.
    """

    symbol: str
    quantity: str
    outcome: str
    reasons: tuple[str, ...]
    why: str | None = None
    into: str | None = None
    into_quantity: str | None = None
    units: int | None = None
    close_ratio: int | None = None
    open_ratio: int | None = None
    net_middle: str | None = None
    net_natural: str | None = None
    net_limit: str | None = None


@frozen(kw_only=True)
class OptionRolls:
    """Every option that is held, by symbol. `enabled`: whether rolls are looked for by themselves.

    `dry_run` is always true: nothing is rolled.
    """

    as_of: datetime
    enabled: bool
    dry_run: bool
    rolls: tuple[OptionRoll, ...]
