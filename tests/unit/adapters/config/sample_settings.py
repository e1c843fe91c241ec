"""A settings class with every shape that there is, for the tests of the loader."""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Literal

from attrs import field, frozen

from cream.core.model.secret import Secret
from cream.core.model.setting import Setting, described, section, setting


class Mode(Enum):
    """Which money is at stake."""

    PAPER = "PAPER"
    LIVE = "LIVE"


@frozen
class Server:
    """Where the engine listens."""

    http_port: int = setting(50051, doc="Port for JSON.", ge=1, le=65535)
    grpc_port: int = setting(50053, doc="Port for gRPC.", ge=1, le=65535)
    bind_address: str = setting("127.0.0.1", doc="Address.", pattern=r"[0-9.]+")

    def problems(self) -> list[tuple[str, str]]:
        """Two servers cannot share a port."""
        if self.http_port == self.grpc_port:
            return [("grpc_port", "must differ from http_port")]
        return []


@frozen
class Alpaca:
    """The broker."""

    api_key: Secret = setting(Secret(""), doc="Key.")
    api_secret: Secret = setting(Secret(""), doc="Secret.", pattern=r"[a-z0-9]*")
    base_url: str = setting("https://paper.example", doc="Host.", env="ALPACA_BASE_URL")
    timeout_s: float = setting(2.5, doc="Patience.", gt=0, unit="seconds")
    retries: int | None = setting(None, doc="Tries.", ge=0, env="ALPACA_RETRIES")


@frozen
class Brokers:
    """All brokers."""

    active: Literal["simulated", "alpaca"] = setting("simulated", doc="The one in use.")
    alpaca: Alpaca = section(Alpaca, doc="Alpaca.")


@frozen
class Breaker:
    """When to stop calling."""

    threshold: Decimal = setting(Decimal("0.5"), doc="Share of failures.", ge=0, le=1)
    calls: int = setting(5, doc="Calls to look at.", ge=1)


@frozen
class Limits:
    """What is allowed."""

    max_leverage: Decimal = setting(Decimal("2.0"), doc="Gross / equity.", gt=0, example="1.5")
    max_delta_shares: Decimal = setting(Decimal(250), doc="Delta.", alias="max_delta", gt=0)
    max_notional: Decimal | None = setting(None, doc="Cap.", gt=0, unit="USD")


@frozen
class Token:
    """Who may call."""

    name: str = field(metadata=described(Setting(doc="Whose token it is.")))
    sha256: Secret = field(metadata=described(Setting(doc="Its hash.", alias="hash")))
    scopes: tuple[str, ...] = setting((), doc="What it may.", choices=("read", "trade"))


@frozen
class Engine:
    """Everything."""

    mode: Mode = setting(Mode.PAPER, doc="Environment.", env="CREAM_ENV")
    enabled: bool = setting(True, doc="Whether | to run.")
    db_path: Path = setting(Path("data/orders.db"), doc="Journal.", example="/var/lib/orders.db")
    clock_start: datetime | None = setting(None, doc="Start of time.")
    level: Literal[1, 2, 3] = setting(1, doc="Level.")
    fee: str = setting("flat", doc="Fees.", choices=("flat", "tiered"))
    tactics: bool = setting(False, doc="Slices.", not_effective="comes with tactics")
    server: Server = section(Server, doc="Listeners.")
    brokers: Brokers = section(Brokers, doc="Brokers.")
    limits: Limits = section(Limits, doc="Limits.")
    breaker: Breaker = setting(Breaker(calls=10), doc="For the broker.")
    feed_breaker: Breaker | None = setting(None, doc="For the feed.", not_effective="no feed")
    symbols: tuple[str, ...] = setting(("SPY",), doc="Symbols.", pattern=r"[A-Z]+")
    prices: dict[str, Decimal] = setting({"SPY": Decimal("662.00")}, doc="Prices.", gt=0)
    tokens: tuple[Token, ...] = setting((), doc="Tokens.")
    venues: dict[str, Breaker] = setting({}, doc="By venue.")

    def problems(self) -> list[tuple[str, str]]:
        """Live money needs a key."""
        if self.mode is Mode.LIVE and not self.brokers.alpaca.api_key:
            return [("brokers.alpaca.api_key", "is needed in LIVE")]
        return []
