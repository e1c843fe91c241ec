"""Which contract does an option symbol name? The only reader and writer of OCC symbols.

Two forms are read: the 21-character OSI form, whose root is padded to six characters
(`AAPL  261218C00240000`), and the compact form without blanks that Alpaca uses
(`AAPL261218C00240000`). Everything else is refused with what is wrong with it.

Source: OCC, Options Symbology Initiative, 2010: root, yymmdd, C or P, strike in thousandths.
"""

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from cream.core.model.instrument import Equity, Instrument, OptionContract, OptionRight
from cream.core.model.money import trim

NEW_YORK = ZoneInfo("America/New_York")

# Listed equity options trade until the close of the regular session on their last day.
_EXPIRY_TIME = time(16, 0)

_ROOT_WIDTH = 6
# yymmdd, the right, and eight digits of strike.
_TAIL_WIDTH = 15
_PADDED_WIDTH = _ROOT_WIDTH + _TAIL_WIDTH
_CENTURY = 2000

# One to five letters, and for a class of shares a dot and its letters: BRK.B.
_TICKER = re.compile(r"[A-Z]{1,5}(?:\.[A-Z]{1,2})?")
_ROOT = re.compile(r"[A-Z]{1,6}")
_ADJUSTED_ROOT = re.compile(r"[A-Z]{1,5}[0-9]")
_TAIL = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})([CP])([0-9]{8})")
_RIGHTS = {"C": OptionRight.CALL, "P": OptionRight.PUT}


def parse_occ(text: str) -> OptionContract:
    """The contract that `text` names, padded or compact.

    Raises: ValueError, saying what is wrong; adjusted contracts are refused, because they do not
    deliver 100 shares.
    """
    root, tail = _split(text)
    _check_root(text, root)
    match = _TAIL.fullmatch(tail)
    if match is None:
        raise ValueError(
            f"{text!r} is not an option symbol: after the root come yymmdd, C or P, and the "
            "strike in thousandths with eight digits"
        )
    year, month, day, right, thousandths = match.groups()
    try:
        expiration = date(_CENTURY + int(year), int(month), int(day))
    except ValueError:
        raise ValueError(f"{text!r}: 20{year}-{month}-{day} is not a date") from None
    if int(thousandths) == 0:
        raise ValueError(f"{text!r}: the strike is zero")
    strike = trim(Decimal(thousandths) / 1000)
    return OptionContract(root, expiration, _RIGHTS[right], strike)


def parse_instrument(text: str) -> Instrument:
    """The share or the option contract that `text` names.

    Raises: ValueError, saying what is wrong.
    """
    if _TICKER.fullmatch(text):
        return Equity(text)
    if len(text) > _TAIL_WIDTH:
        return parse_occ(text)
    raise ValueError(
        f"{text!r} is neither a ticker (one to five capital letters, perhaps a dot and a class) "
        "nor an option symbol"
    )


def compact(contract: OptionContract) -> str:
    """The symbol without padding, as Alpaca writes it."""
    return contract.symbol.replace(" ", "")


def expires_at(contract: OptionContract) -> datetime:
    """The moment after which the contract cannot trade: 16:00 in New York on its last day, in UTC.

    Early closes are left out: they move the close of trading, not what a price is discounted to.
    """
    local = datetime.combine(contract.expiration, _EXPIRY_TIME, NEW_YORK)
    return local.astimezone(UTC)


def _split(text: str) -> tuple[str, str]:
    """The root without its padding, and the fifteen characters behind it."""
    if len(text) <= _TAIL_WIDTH or len(text) > _PADDED_WIDTH:
        raise ValueError(
            f"{text!r} is not an option symbol: it has {len(text)} characters, the padded form "
            f"has {_PADDED_WIDTH}, the compact form {_TAIL_WIDTH + 1} to {_PADDED_WIDTH}"
        )
    root, tail = text[:-_TAIL_WIDTH], text[-_TAIL_WIDTH:]
    if " " in root:
        if len(text) != _PADDED_WIDTH:
            raise ValueError(f"{text!r}: a padded root has exactly {_ROOT_WIDTH} characters")
        root = root.rstrip(" ")
    return root, tail


def _check_root(text: str, root: str) -> None:
    if _ROOT.fullmatch(root):
        return
    if _ADJUSTED_ROOT.fullmatch(root):
        raise ValueError(
            f"{text!r} is an adjusted contract (its root ends in a digit): what it delivers is "
            "not 100 shares, so Cream does not trade it"
        )
    raise ValueError(f"{text!r}: the root {root!r} is not one to six capital letters")
