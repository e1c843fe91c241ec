"""What can be set of Alpaca's market data?"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

from attrs import frozen

from cream.core.exchange.calendar import SessionMode
from cream.core.market.health import HealthLimits
from cream.core.market.quote_filter import FilterLimits
from cream.core.market.tape import TapeLimits
from cream.core.model.setting import setting


@frozen(kw_only=True)
class AlpacaFeedSettings:
    """Alpaca's market data."""

    feed: Literal["iex", "sip", "delayed_sip"] = setting(
        "iex", env="ALPACA_FEED", doc="Tape of shares. `sip` needs a paid plan."
    )
    option_feed: Literal["indicative", "opra"] = setting(
        "indicative", doc="Tape of options. `opra` needs the option agreement."
    )
    symbols: tuple[str, ...] = setting(
        (), doc="Subscribed from the start, besides what is needed.", example="[SPY]"
    )
    session: SessionMode = setting(
        SessionMode.CALENDAR,
        doc="Whether the market keeps New York's hours; always_open for a sandbox that has none.",
    )
    requests_per_minute: int = setting(
        180, ge=10, le=100_000, unit="requests", doc="Budget of data REST, apart from trading."
    )
    stale_seconds: float = setting(
        3.0, gt=0, le=600, unit="s", doc="Silence of a needed symbol after which REST is asked."
    )
    poll_seconds: float = setting(
        1.0, gt=0, le=600, unit="s", doc="Between two such questions; each is for all of them."
    )
    max_confirmed_age_seconds: float = setting(
        60.0,
        gt=0,
        le=3600,
        unit="s",
        doc="A quote older than this is not fresh because REST still shows it.",
    )
    silence_seconds: float = setting(
        60.0,
        gt=0,
        le=3600,
        unit="s",
        doc="Silence of a whole stream in the session after which it is opened anew. "
        "At once where REST shows what it did not tell.",
    )
    reconnect_delay_ms: int = setting(
        1000, ge=1, le=60_000, unit="ms", doc="Longest first wait to reconnect; doubles each time."
    )
    lease_seconds: float = setting(
        900.0, ge=1, le=86_400, unit="s", doc="How long a symbol is read that a plan has asked for."
    )
    max_spread_pct: Decimal = setting(
        Decimal("0.10"),
        gt=0,
        le=2,
        unit="fraction",
        doc="Quotes of shares wider than this are no prices.",
    )
    max_jump_pct: Decimal = setting(
        Decimal("0.25"),
        gt=0,
        le=10,
        unit="fraction",
        doc="Jumps of shares beyond this are no prices until they are confirmed.",
    )
    max_p99_latency_ms: float = setting(
        500.0, gt=0, le=60_000, unit="ms", doc="Latency from which the feed is not healthy."
    )

    def problems(self) -> Iterable[tuple[str, str]]:
        """A poll that comes later than what it is to keep fresh would keep nothing fresh."""
        if self.poll_seconds > self.max_confirmed_age_seconds:
            yield "poll_seconds", "must not be above max_confirmed_age_seconds"

    @property
    def tape_limits(self) -> TapeLimits:
        """What the tape judges by."""
        return TapeLimits(
            stale_seconds=self.stale_seconds,
            max_confirmed_age_seconds=self.max_confirmed_age_seconds,
            quotes=FilterLimits(max_spread=self.max_spread_pct, max_jump=self.max_jump_pct),
            health=HealthLimits(max_p99_milliseconds=self.max_p99_latency_ms),
        )


def live_feed_problems(settings: AlpacaFeedSettings) -> Iterable[tuple[str, str]]:
    """What must not guard real shares, by path."""
    if settings.feed == "delayed_sip":
        yield "feeds.alpaca.feed", "is fifteen minutes late, which is no market to trade in"
    if settings.session is SessionMode.ALWAYS_OPEN:
        yield "feeds.alpaca.session", "must be calendar in LIVE: only a sandbox never closes"
