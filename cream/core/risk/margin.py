"""How much buying power does an entry take, and how much is there?

Exits take none, and what they release counts once they have filled: until then the broker does not
count it either.
"""

from decimal import Decimal

from cream.core.model.account import Account
from cream.core.model.instrument import Equity, Instrument

# Federal Reserve Board, Regulation T, 12 CFR 220.12: half of the value for a long, 150 % for a
# short; the sale brings 100 % of that, so that either takes half from the account's own.
REG_T_INITIAL = Decimal("0.5")


def entry_margin(instrument: Instrument, value: Decimal) -> Decimal:
    """What a position of `value` dollars takes. Options are paid in full: no loan is given on them.

    Units: dollars.
    """
    return value * REG_T_INITIAL if isinstance(instrument, Equity) else value


def spread_margin(max_loss: Decimal) -> Decimal:
    """What spreads that can lose `max_loss` dollars together take: all of that.

    Source: FINRA 4210(f)(2), spreads: the maximum potential loss.
    """
    return max_loss


def available_margin(account: Account, reserved: Decimal) -> Decimal:
    """Dollars free for the requirements of new entries; negative if there is a deficit.

    What the account has beyond its margin, less `reserved`, which is what working entries will
    take. The broker's buying power bounds it: that is a multiple of the excess for a margin account
    and the cash for a cash account, and the broker has taken off what works already.
    """
    excess = account.equity - account.margin_used - reserved
    return min(excess, account.buying_power)
