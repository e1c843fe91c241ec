"""Settings of the synthetic market: the defaults of the interface, and what is added to them."""

from decimal import Decimal

from cream.adapters.feeds.settings import SyntheticSettings
from cream.core.exchange.calendar import SessionMode
from cream.core.model.setting import setting_of


def test_the_defaults_are_those_of_the_interface() -> None:
    settings = SyntheticSettings()
    prices = {symbol: str(price) for symbol, price in settings.price_by_symbol().items()}
    assert prices == {
        "AAPL": "238.40",
        "MSFT": "512.00",
        "NVDA": "182.50",
        "SPY": "662.00",
        "TSLA": "430.00",
        "XOM": "116.00",
    }
    volatilities = {one: settings.option_volatility_of(one) for one in prices}
    assert volatilities == {
        "AAPL": 0.19,
        "MSFT": 0.30,
        "NVDA": 0.48,
        "SPY": 0.12,
        "TSLA": 0.30,
        "XOM": 0.30,
    }
    assert settings.risk_free_rate == Decimal("0.04")
    assert settings.session is SessionMode.ALWAYS_OPEN


def test_what_is_given_stands_beside_what_is_built_in() -> None:
    settings = SyntheticSettings(
        prices={"GOOG": Decimal(200), "AAPL": Decimal(100)},
        option_volatility={"TSLA": Decimal("0.6")},
    )
    prices = settings.price_by_symbol()
    assert (prices["GOOG"], prices["AAPL"], prices["SPY"]) == (200, 100, Decimal("662.00"))
    assert settings.option_volatility_of("TSLA") == 0.6
    assert settings.option_volatility_of("AAPL") == 0.19
    assert settings.option_volatility_of("GOOG") == 0.30


def test_every_setting_says_what_it_means_and_numbers_have_bounds() -> None:
    for attribute in SyntheticSettings.__attrs_attrs__:  # type: ignore[attr-defined]
        info = setting_of(attribute)
        assert info.doc
        assert bool(info.bounds) == (attribute.name != "session")
