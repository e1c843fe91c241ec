from pathlib import Path

import pytest

from cream.adapters.config import ConfigErrors, load
from cream.core.model.plan import Environment
from cream.core.options.dividends import Dividend
from cream.daemon.settings import Settings
from cream.daemon.tree_settings import tree_settings
from tests.unit.core.risk.scenes import NOW, d

LINE = "    - {{symbol: {symbol}, ex_date: {day}, amount: {amount}}}\n"


def loaded(tmp_path: Path, *lines: str) -> Settings:
    file = tmp_path / "config.yaml"
    file.write_text("pricing:\n  dividends:\n" + "".join(lines))
    return load(file, Settings, environ={}).settings


def line(symbol: str = "AAPL", day: str = "2026-12-11", amount: str = "0.26") -> str:
    return LINE.format(symbol=symbol, day=day, amount=amount)


def test_what_is_told_reaches_the_gate(tmp_path: Path) -> None:
    tree = tree_settings(loaded(tmp_path, line(), line("BRK.B", amount="0")), "1", "hash")

    assert tree.dividends.ahead("AAPL", NOW.date()) == (
        Dividend(NOW.date().replace(month=12, day=11), d("0.26")),
    )
    assert tree.dividends.ahead("BRK.B", NOW.date()) is not None
    assert tree.dividends.ahead("MSFT", NOW.date()) is None


def test_the_synthetic_market_says_itself_which_interest_it_quotes_with(tmp_path: Path) -> None:
    settings = loaded(tmp_path, line())

    assert tree_settings(settings, "1", "hash").rates.rate == float(
        settings.feeds.synthetic.risk_free_rate
    )
    assert settings.environment.mode is Environment.PAPER


@pytest.mark.parametrize(
    ("lines", "path"),
    [
        ((line("aapl"),), "pricing.dividends[0].symbol"),
        ((line(day="2026-02-30"),), "pricing.dividends[0].ex_date"),
        ((line(day="soon"),), "pricing.dividends[0].ex_date"),
        ((line(amount="-0.01"),), "pricing.dividends[0].amount"),
        ((line(amount=".nan"),), "pricing.dividends[0].amount"),
        ((line(), line(amount="0.30")), "pricing.dividends[1]"),
        (("    - {symbol: AAPL, ex_date: 2026-12-11}\n",), "pricing.dividends[0].amount"),
        (("    - {symbol: AAPL, ex_day: 2026-12-11, amount: 1}\n",), "pricing.dividends[0]"),
    ],
)
def test_what_is_wrong_is_named(lines: tuple[str, ...], path: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigErrors) as caught:
        loaded(tmp_path, *lines)

    assert path in str(caught.value)
