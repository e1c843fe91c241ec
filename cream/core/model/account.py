"""What does the broker say the account is worth?"""

from datetime import datetime
from decimal import Decimal

from attrs import frozen


@frozen(kw_only=True)
class Account:
    """The broker's own figures. Units: dollars. `as_of` is when the broker said so."""

    account_id: str
    equity: Decimal
    cash: Decimal
    buying_power: Decimal
    margin_used: Decimal
    last_equity: Decimal
    as_of: datetime
    shorting_enabled: bool = True
    options_level: int = 3
    day_trade_count: int = 0
