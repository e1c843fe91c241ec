"""Where is Alpaca, and with which keys?"""

from attrs import frozen

from cream.core.model.secret import Secret
from cream.core.model.setting import setting

_LATER = "Alpaca for real"


@frozen(kw_only=True)
class AlpacaSettings:
    """One account at Alpaca. PAPER allows paper hosts and loopback, LIVE the live hosts only."""

    api_key: Secret = setting(
        Secret(""), env="ALPACA_KEY", not_effective=_LATER, doc="Key id of the account."
    )
    api_secret: Secret = setting(
        Secret(""), env="ALPACA_SECRET", not_effective=_LATER, doc="Secret of the key."
    )
    base_url: str | None = setting(
        None, env="ALPACA_BASE_URL", not_effective=_LATER, doc="Trading REST host."
    )
    stream_url: str | None = setting(
        None, env="ALPACA_STREAM_URL", not_effective=_LATER, doc="Order-update stream."
    )
    data_url: str | None = setting(
        None, env="ALPACA_DATA_URL", not_effective=_LATER, doc="Market-data REST host."
    )
    data_stream_url: str | None = setting(
        None, env="ALPACA_DATA_STREAM_URL", not_effective=_LATER, doc="Market-data streams."
    )
