"""Settings of the simulated broker: the defaults of the interface."""

from decimal import Decimal

from cream.adapters.brokers.simulated_settings import SimulatedSettings
from cream.core.model.setting import setting_of


def test_the_defaults_are_those_of_the_interface() -> None:
    settings = SimulatedSettings()
    assert settings.cash == Decimal(100_000)
    assert settings.db_path == "./data/venue.db"
    assert settings.clock_start is None


def test_an_account_begins_with_some_cash() -> None:
    (cash, *_) = SimulatedSettings.__attrs_attrs__  # type: ignore[attr-defined]
    assert not setting_of(cash).admits(Decimal(0))
    assert setting_of(cash).admits(Decimal("0.01"))
