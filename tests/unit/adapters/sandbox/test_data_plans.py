from cream.adapters.sandbox.data_plans import BASIC, PLUS


def wanted(**channels: int) -> dict[str, dict[str, None]]:
    counts = {"trades": 0, "quotes": 0, "bars": 0} | channels
    return {
        name: dict.fromkeys(str(number) for number in range(count))
        for name, count in counts.items()
    }


def test_a_basic_plan_counts_trades_and_quotes_of_shares_and_never_bars() -> None:
    assert BASIC.allows(wanted(trades=30, quotes=30, bars=500), options=False)
    assert not BASIC.allows(wanted(trades=31), options=False)
    assert not BASIC.allows(wanted(quotes=31), options=False)


def test_of_options_quotes_are_counted() -> None:
    assert BASIC.allows(wanted(quotes=200, trades=500), options=True)
    assert not BASIC.allows(wanted(quotes=201), options=True)
    assert PLUS.allows(wanted(quotes=1_000), options=True)
    assert not PLUS.allows(wanted(quotes=1_001), options=True)


def test_the_larger_plan_has_the_whole_market() -> None:
    assert PLUS.has("/v2/sip")
    assert PLUS.allows(wanted(quotes=5_000), options=False)
    assert not BASIC.has("/v2/sip")
    assert not BASIC.has("/v1beta1/opra")
    assert BASIC.has("/v2/iex")
