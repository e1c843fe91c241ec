"""How does the sandbox name and write things, so that clients of Alpaca can read them?

Ids look like Alpaca's (version 4 UUIDs) and follow from their causes, so that two runs with one
seed say the same. Numbers are texts in plain digits, moments have nine places, options no blanks.
"""

from datetime import datetime
from decimal import Decimal
from hashlib import blake2b

from attrs import define

from cream.core.model.instrument import Instrument, OptionContract
from cream.core.model.money import decimal_text, trim
from cream.core.options.occ import NEW_YORK, compact

_UUID_BYTES = 16
_ULID_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ULID_LENGTH = 26
# Of a whole number in a query. Python reads none of thousands.
_MOST_DIGITS = 9


def uuid_text(*cause: str) -> str:
    """The UUID that stands for `cause`, with the marks of a random one."""
    raw = bytearray(_digest(_UUID_BYTES, cause))
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def ulid_text(*cause: str) -> str:
    """Twenty-six characters of Crockford's alphabet that stand for `cause`."""
    return "".join(_ULID_ALPHABET[byte % 32] for byte in _digest(_ULID_LENGTH, cause))


def account_number(seed: int) -> str:
    """The number of the account: paper accounts begin with PA."""
    return "PA" + uuid_text("account", str(seed)).replace("-", "")[:10].upper()


def number(value: Decimal) -> str:
    """A quantity: no zeros behind it."""
    return decimal_text(value.normalize()) if value else "0"


def price(value: Decimal | None) -> str | None:
    """A price: as short as it is, null where there is none."""
    return None if value is None else decimal_text(value.normalize())


def whole(text: str) -> int | None:
    """The whole number that `text` is; None for anything else, and for one beyond sense."""
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else None


def dollars(value: Decimal) -> str:
    """An amount of money: cents at least."""
    return decimal_text(trim(value))


def moment(at: datetime) -> str:
    """RFC 3339 with nine places, in UTC."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06d}000Z"


def eastern(at: datetime) -> str:
    """RFC 3339 with the offset of New York, as the clock is shown."""
    return at.astimezone(NEW_YORK).isoformat()


def symbol(instrument: Instrument) -> str:
    """The symbol: options without blanks."""
    return compact(instrument) if isinstance(instrument, OptionContract) else instrument.symbol


@define
class Draws:
    """Chance that follows from a seed: the same seed, the same draws."""

    seed: int
    _count: int = 0

    def __call__(self) -> float:
        """The next draw, in [0, 1)."""
        self._count += 1
        raw = _digest(8, ("draw", str(self.seed), str(self._count)))
        return int.from_bytes(raw) / 2**64


def _digest(size: int, cause: tuple[str, ...]) -> bytes:
    framed = "".join(f"{len(part)}:{part}" for part in cause)
    return blake2b(framed.encode(), digest_size=size).digest()
