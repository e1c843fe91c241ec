"""How do the messages of the data streams look? One class for each, by Alpaca's own names.

What is not used is left out: it is skipped without being looked at. Numbers are read from their
text, sizes as whatever number they are.

Source: docs.alpaca.markets, Real-time Stock Data and Real-time Option Data, 2025-09.
"""

from decimal import Decimal

import msgspec

Number = int | float


class Tagged(msgspec.Struct, tag_field="T", gc=False):
    """What has a `T` that says which it is."""


class WireQuote(Tagged, tag="q"):
    """A quote in JSON."""

    S: str
    bp: Decimal
    bs: Number
    ap: Decimal
    ask_size: Number = msgspec.field(name="as")
    t: str


class WireTrade(Tagged, tag="t"):
    """A print in JSON."""

    S: str
    p: Decimal
    s: Decimal
    t: str
    i: int | str = ""
    x: str = ""
    c: list[str] | str | None = None


class PackedQuote(Tagged, tag="q"):
    """A quote in msgpack."""

    S: str
    bp: Decimal
    bs: Number
    ap: Decimal
    ask_size: Number = msgspec.field(name="as")
    t: msgspec.msgpack.Ext


class PackedTrade(Tagged, tag="t"):
    """A print in msgpack."""

    S: str
    p: Decimal
    s: Decimal
    t: msgspec.msgpack.Ext
    i: int | str = ""
    x: str = ""
    c: list[str] | str | None = None


class WireBar(Tagged, tag="b"):
    """A minute."""

    S: str
    o: Decimal
    h: Decimal
    l: Decimal  # noqa: E741 - the name on the wire
    c: Decimal
    v: Decimal
    t: str
    n: Number | None = None
    vw: Decimal | None = None


class UpdatedBar(WireBar, tag="u"):
    """A minute, corrected by late prints."""


class DailyBar(WireBar, tag="d"):
    """The day so far."""


class Status(Tagged, tag="s"):
    """A halt, or its end."""

    S: str
    sc: str
    t: str
    sm: str = ""
    rc: str = ""
    rm: str = ""
    z: str = ""


class Bands(Tagged, tag="l"):
    """Limit up and limit down."""

    S: str
    u: Decimal
    d: Decimal
    t: str


class Correction(Tagged, tag="c"):
    """A print in the place of another."""

    S: str
    x: str
    oi: int | str
    ci: int | str
    cp: Decimal
    cs: Decimal
    t: str
    cc: list[str] | None = None


class Cancel(Tagged, tag="x"):
    """A print that is taken back."""

    S: str
    i: int | str
    x: str
    t: str


class Success(Tagged, tag="success"):
    """A step of the ceremony went well."""

    msg: str = ""


class Error(Tagged, tag="error"):
    """One of Alpaca's errors."""

    code: int = 0
    msg: str = ""


class Subscription(Tagged, tag="subscription"):
    """All that is subscribed."""

    trades: list[str] = []
    quotes: list[str] = []
    bars: list[str] = []
    updatedBars: list[str] = []  # noqa: N815 - the name on the wire
    dailyBars: list[str] = []  # noqa: N815 - the name on the wire
    statuses: list[str] = []
    lulds: list[str] = []


Control = Success | Error | Subscription
TextMessage = (
    WireQuote
    | WireTrade
    | WireBar
    | UpdatedBar
    | DailyBar
    | Status
    | Bands
    | Correction
    | Cancel
    | Control
)
PackedMessage = PackedQuote | PackedTrade | Control
