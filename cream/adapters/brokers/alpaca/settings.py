"""Where is Alpaca, with which keys, and how long does one wait for it?"""

from typing import Literal

from attrs import frozen

from cream.core.model.secret import Secret
from cream.core.model.setting import setting


@frozen(kw_only=True)
class AlpacaSettings:
    """One account at Alpaca. PAPER allows paper hosts and loopback, LIVE the live hosts only."""

    api_key: Secret = setting(Secret(""), env="ALPACA_KEY", doc="Key id of the account.")
    api_secret: Secret = setting(Secret(""), env="ALPACA_SECRET", doc="Secret of the key.")
    base_url: str | None = setting(
        None,
        env="ALPACA_BASE_URL",
        doc="Trading REST host. null: Alpaca's own for PAPER or LIVE.",
        example="http://127.0.0.1:8100",
    )
    stream_url: str | None = setting(
        None,
        env="ALPACA_STREAM_URL",
        doc="Order-update stream. null: `/stream` at the trading host.",
        example="ws://127.0.0.1:8100/stream",
    )
    data_url: str | None = setting(
        None,
        env="ALPACA_DATA_URL",
        doc="Market-data REST host. null: Alpaca's own; where `base_url` is loopback, that one.",
    )
    data_stream_url: str | None = setting(
        None,
        env="ALPACA_DATA_STREAM_URL",
        doc="Market-data streams. null: as for `data_url`.",
    )
    connect_timeout_seconds: float = setting(
        5.0, gt=0, le=60, unit="s", doc="For a connection to open, TLS included."
    )
    answer_timeout_seconds: float = setting(
        10.0, gt=0, le=120, unit="s", doc="For an answer, once the request is on its way."
    )
    queue_timeout_seconds: float = setting(
        5.0, gt=0, le=120, unit="s", doc="For the request budget to let a request out."
    )
    requests_per_minute: int = setting(
        180,
        ge=10,
        le=100_000,
        unit="requests",
        doc="Budget of the account, a little under Alpaca's limit (200 for most accounts).",
    )
    ping_seconds: float = setting(
        10.0, gt=0, le=300, unit="s", doc="How often the order stream is pinged."
    )
    pong_timeout_seconds: float = setting(
        10.0, gt=0, le=300, unit="s", doc="Silence after a ping that ends the connection."
    )
    reconnect_base_seconds: float = setting(
        0.5, ge=0, le=60, unit="s", doc="First wait before the order stream is opened again."
    )
    reconnect_cap_seconds: float = setting(
        30.0, ge=0, le=600, unit="s", doc="Longest of these waits; each is up to twice the last."
    )
    ghost_session_seconds: float = setting(
        90.0,
        ge=0,
        le=3600,
        unit="s",
        doc="Wait after Alpaca says that an older connection still counts.",
    )
    ack_timeout_seconds: float = setting(
        3.0,
        gt=0,
        le=600,
        unit="s",
        doc="Silence of the order stream about an answered order before it is asked about.",
    )
    fees: Literal["auto", "none", "estimate"] = setting(
        "auto",
        doc="Book fills with the fees they will be charged; auto: in LIVE, paper charges none.",
    )
    order_lookback_days: int = setting(
        7,
        ge=1,
        le=90,
        unit="days",
        doc="How long before its fill the spread was submitted at most whose leg has filled.",
    )
