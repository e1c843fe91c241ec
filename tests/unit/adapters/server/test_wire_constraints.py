import pytest

from cream.adapters.server.problems import Problems
from cream.adapters.server.wire_constraints import constraints_from_wire
from cream.core.model.errors import CreamError
from cream.core.model.request import RiskConstraints
from cream.wire import execution_pb2
from tests.unit.core.risk.scenes import d


def read(**fields: int) -> RiskConstraints:
    problems = Problems()
    found = constraints_from_wire(execution_pb2.RiskConstraints(**fields), "constraints", problems)
    problems.raise_any()
    return found


def test_zero_is_no_limit() -> None:
    assert read() == RiskConstraints()


def test_whole_numbers_are_scaled_to_the_model_s_units() -> None:
    found = read(
        max_shares=100,
        max_contracts=5,
        max_notional_cents=1_000_050,
        max_pct_equity_bps=1_000,
        max_gross_pct_equity_bps=20_000,
        max_net_pct_equity_bps=5_000,
        max_risk_per_trade_bps=150,
        max_sector_exposure_bps=3_000,
        max_positions=7,
        max_concentration_bps=2_000,
        max_drawdown_bps=500,
        max_delta_notional_cents=100,
        max_gamma_scaled=1_500,
        max_vega_cents=250,
        max_theta_cents=-300,
    )

    assert found == RiskConstraints(
        max_shares=d(100),
        max_contracts=d(5),
        max_notional=d("10000.50"),
        max_equity_pct=d("0.10"),
        max_gross_equity_pct=d(2),
        max_net_equity_pct=d("0.5"),
        max_trade_risk_percent=d("1.5"),
        max_sector_equity_pct=d("0.3"),
        max_positions=d(7),
        max_underlying_equity_pct=d("0.2"),
        max_drawdown_pct=d("0.05"),
        max_delta_notional=d(1),
        max_gamma=d("1.5"),
        max_vega=d("2.5"),
        max_theta_loss=d(3),
    )


def test_what_cannot_be_a_limit_is_noted_with_its_path() -> None:
    with pytest.raises(CreamError) as caught:
        read(max_shares=-1, max_correlation_bps=100)

    assert [one.field for one in caught.value.problems] == [
        "constraints.max_shares",
        "constraints.max_correlation_bps",
    ]
