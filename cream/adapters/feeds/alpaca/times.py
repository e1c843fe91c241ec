"""Which nanosecond does a time on the wire name?"""

from cream.adapters.brokers.alpaca.document import SchemaMismatch, read_moment

_SECOND = 1_000_000_000
# "2026-11-23T15:30:00": what the last second's stamps have in common.
_PREFIX = 19
_SCALES: tuple[int, ...] = tuple(int("1" + "0" * (9 - digits)) for digits in range(10))
# Stamps of the last few seconds share their beginnings; the bound is only that.
_MAX_SECONDS = 64
_TIMESTAMP_EXTENSION = -1
# Nothing is told of before 1970 or after 2200: calendars and clocks can be asked about the rest.
_LATEST = 7_258_118_400 * _SECOND

_seconds: dict[str, int] = {}


def read_text_ns(text: str) -> int:
    """The nanosecond, since 1970 in UTC, that RFC 3339 `text` names.   Raises: SchemaMismatch."""
    whole = _seconds.get(text[:_PREFIX])
    if whole is not None and text.endswith("Z"):
        digits = text[_PREFIX + 1 : -1]
        if not digits and len(text) == _PREFIX + 1:
            return whole
        if text[_PREFIX] == "." and digits.isdecimal() and len(digits) <= 9:
            return whole + int(digits) * _SCALES[len(digits)]
    nanoseconds = _sound(read_moment(text, "$.t").nanoseconds)
    if text.endswith("Z"):
        if len(_seconds) >= _MAX_SECONDS:
            _seconds.clear()
        _seconds[text[:_PREFIX]] = nanoseconds - nanoseconds % _SECOND
    return nanoseconds


def read_timestamp_ns(code: int, data: bytes) -> int:
    """The nanosecond that a msgpack timestamp names, in any of its three forms.

    Raises: SchemaMismatch.
    """
    if code == _TIMESTAMP_EXTENSION:
        if len(data) == 8:
            both = int.from_bytes(data, "big")
            return (both & 0x3_FFFF_FFFF) * _SECOND + (both >> 34)
        if len(data) == 4:
            return int.from_bytes(data, "big") * _SECOND
        if len(data) == 12:
            seconds = int.from_bytes(data[4:], "big", signed=True)
            return _sound(seconds * _SECOND + int.from_bytes(data[:4], "big"))
    raise SchemaMismatch("$.t", f"is no timestamp: extension {code} of {len(data)} bytes")


def _sound(nanoseconds: int) -> int:
    if not 0 <= nanoseconds < _LATEST:
        raise SchemaMismatch("$.t", f"is no time of a market: {nanoseconds} ns from 1970")
    return nanoseconds
