"""`cream backtest`: over real bars, and what it says where it cannot."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cream.cli.exits import CONFIGURATION, DONE, REFUSED, USAGE
from cream.cli.main import main
from cream.core.exchange.fees import Trade, estimated_fees
from cream.core.model.instrument import Equity
from cream.core.model.side import Side

BARS = Path(__file__).parents[2] / "data" / "bars"
AAPL, IBM = str(BARS / "AAPL-2012.csv"), str(BARS / "IBM-2012.csv")
EXAMPLES = Path(__file__).parents[3] / "examples" / "plans"


def plan(
    folder: Path,
    name: str = "swing",
    *,
    at: str | None = "2012-03-05T13:30:00Z",
    **changes: Any,
) -> str:
    """A file with a plan that buys Apple for a limit of 545, with a stop and a target."""
    decision = {
        "decision_id": f"{name}-1",
        "instrument_id": "AAPL",
        "action": "BUY",
        "direction": "LONG",
        "size": {"quantity": "15", "unit": "SHARES"},
        "limit_price": "545.00",
        "stop_loss_level": "500.00",
        "take_profit_level": "620.00",
        "time_in_force": "DAY",
        **changes,
    }
    body = {
        "plan_id": name,
        "cycle_id": name,
        "environment": "PAPER",
        "risk_manager_approved": True,
        "critic_approved": True,
        "plan_rationale": "",
        "decisions": [decision],
    }
    if at is not None:
        body["timestamp"] = at
    file = folder / f"{name}.json"
    file.write_text(json.dumps(body))
    return str(file)


def found(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = DONE) -> dict[str, Any]:
    assert main(["backtest", *arguments, "--json"]) == code
    shown = json.loads(capsys.readouterr().out)
    assert isinstance(shown, dict)
    return shown


def failed(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = USAGE) -> str:
    assert main(["backtest", *arguments]) == code
    out, err = capsys.readouterr()
    assert not out
    return err


def test_a_swing_of_2012_reaches_its_target(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """5 March opens at 545.42 and falls through 545; 620 is first seen on 28 March."""
    shown = found(capsys, "--bars", AAPL, plan(tmp_path))
    (one,) = shown["plans"]
    assert (one["plan_id"], one["ok"], one["problem"]) == ("swing", True, "")
    assert one["verdict"]["orders"][0]["quantity"] == "15"
    bought, sold = one["fills"]
    assert (bought["price"], bought["at"][:10], bought["reason"]) == ("545.00", "2012-03-05", None)
    assert (sold["price"], sold["at"][:10]) == ("620.00", "2012-03-28")
    assert (sold["realized_pnl"], sold["reason"]) == ("1125.00", "take_profit")
    assert one["exits"] == [sold]
    assert shown["positions"][0]["quantity"] == "0"
    assert shown["account"]["starting_cash"] == "100000.00"
    assert shown["account"]["equity"] == shown["account"]["cash"] == "101125.00"
    assert shown["account"]["realized_pnl"] == "1125.00"
    assert shown["account"]["max_drawdown"] == "221.10"
    assert len(shown["equity_curve"]) == 125
    assert shown["equity_curve"][-1]["equity"] == "101125.00"
    assert shown["settlements"] == []


def test_the_documented_example_does_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    example = EXAMPLES.parent / "backtest" / "swing-2012.json"
    shown = found(capsys, "--bars", AAPL, str(example))
    assert [one["reason"] for one in shown["plans"][0]["exits"]] == ["take_profit"]
    assert shown["account"]["equity"] == "101125.00"


def test_people_see_verdict_orders_fills_account_and_what_was_assumed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["backtest", "--bars", AAPL, plan(tmp_path)]) == DONE
    out = capsys.readouterr().out
    assert out.startswith("swing: approved, 2012-03-05T13:30:00Z\n  INFO QUEUED_FOR_SESSION")
    assert "SELL   15      15  AAPL    LIMIT  620.00" in out
    assert "1125.00  take_profit" in out
    assert "max drawdown  221.10" in out
    assert "Assumed: 125 bars; plans are decided on the latest known price" in out
    assert "5 basis points" in out
    assert "at most 10 % of a bar's volume" in out
    assert "reached stop and target the stop counts" in out


def test_the_same_input_has_the_same_digest_and_another_has_another(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = plan(tmp_path)
    digests = [
        found(capsys, "--bars", AAPL, file, *more)["digest"]
        for more in ([], [], ["--cash", "100001"], ["--commission-per-share", "0.01"])
    ]
    assert digests[0] == digests[1]
    assert len({*digests}) == 3


def test_a_folder_of_plans_over_two_symbols_goes_by_their_time(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    plan(tmp_path, "later", at="2012-04-02T13:00:00Z")
    plan(
        tmp_path,
        "sooner",
        instrument_id="IBM",
        limit_price="200.00",
        stop_loss_level="190.00",
        take_profit_level="230.00",
    )
    shown = found(capsys, "--bars", AAPL, "--bars", IBM, str(tmp_path))
    assert [one["plan_id"] for one in shown["plans"]] == ["sooner", "later"]
    assert shown["assumptions"]["bars"] == 250
    assert [one["symbol"] for one in shown["positions"]] == ["IBM"]


def test_a_refused_plan_is_told_and_is_the_exit_code(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    good, bad = plan(tmp_path), plan(tmp_path, "bad", stop_loss_level="560.00")
    shown = found(capsys, "--bars", AAPL, good, bad, code=REFUSED)
    assert [one["ok"] for one in shown["plans"]] == [True, False]
    codes = [one["code"] for one in shown["plans"][1]["verdict"]["violations"]]
    assert "STOP_WRONG_SIDE" in codes
    assert not shown["ok"]

    assert main(["backtest", "--bars", AAPL, bad]) == REFUSED
    out = capsys.readouterr().out
    assert out.startswith("bad: refused")
    assert "ERROR STOP_WRONG_SIDE (AAPL)" in out


def test_an_option_without_bars_is_refused_with_the_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    condor = str(EXAMPLES / "iron-condor.json")
    assert main(["backtest", "--bars", AAPL, "--at", "2012-03-05T15:00:00Z", condor]) == REFUSED
    assert "there are no bars of it" in capsys.readouterr().out


def test_a_plan_that_comes_twice_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = plan(tmp_path)
    assert main(["backtest", "--bars", AAPL, file, file]) == REFUSED
    assert "the same plan was given before" in capsys.readouterr().out


def test_what_is_decided_within_a_bar_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = plan(tmp_path, at="2012-03-05T15:00:00Z")
    assert main(["backtest", "--bars", AAPL, file]) == DONE
    out = capsys.readouterr().out
    assert "decided within a bar" in out
    assert "EXPIRED" in out


def test_costs_are_those_that_were_asked_for(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = plan(tmp_path, limit_price=None)
    shown = found(
        capsys,
        *("--bars", AAPL, file, "--cash", "50000", "--slippage-bps", "20"),
        *("--commission-per-share", "0.10", "--commission-per-contract", "1"),
        code=REFUSED,
    )
    assert shown["account"]["starting_cash"] == "50000.00"
    shown = found(
        capsys,
        *("--bars", AAPL, file, "--slippage-bps", "20", "--commission-per-share", "0.10"),
    )
    bought = shown["plans"][0]["fills"][0]
    # The open of 545.42 and twenty basis points of it.
    assert (bought["price"], bought["commission"]) == ("546.52", "1.50")
    assert shown["account"]["fees"] == "3.00"
    assert "commission and fees as asked for" in shown["assumptions"]["in_words"]


def test_regulatory_fees_are_those_of_the_day(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Only sales pay to the SEC. What was charged in 2012 is not known, and not estimated."""
    bars = tmp_path / "bars.csv"
    days = ("2026-08-03", "2026-08-04", "2026-08-05")
    closes = (100, 100, 110)
    rows = [
        f"AAPL,{day},{one},{one},{one},{one},1000000" for day, one in zip(days, closes, strict=True)
    ]
    bars.write_text("\n".join(["symbol,date,open,high,low,close,volume", *rows]) + "\n")
    levels = {"limit_price": "100.00", "stop_loss_level": "95.00", "take_profit_level": "109.00"}
    file = plan(tmp_path, at="2026-08-04T12:00:00Z", **levels)
    shown = found(capsys, "--bars", str(bars), file, "--regulatory-fees")
    bought, sold = (Decimal(one["commission"]) for one in shown["plans"][0]["fills"])
    trade = {"instrument": Equity("AAPL"), "quantity": Decimal(15), "price": Decimal(110)}
    day = date(2026, 8, 5)
    assert sold == estimated_fees(Trade(**trade, side=Side.SELL, day=day)) > bought
    assert Decimal(shown["account"]["fees"]) == bought + sold

    then = found(capsys, "--bars", AAPL, plan(tmp_path), "--regulatory-fees")
    assert then["account"]["fees"] == "0.00"


def test_the_configuration_says_the_limits_and_what_comes_first_in_a_bar(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A named file, or config.yaml where there is one."""
    file = plan(tmp_path)
    text = (
        "brokers: {simulated: {cash: 90000}}\n"
        "stops: {same_bar_priority: target_first}\n"
        "constraints: {per_instrument: {max_units: 14}}\n"
    )
    named = tmp_path / "named.yaml"
    named.write_text(text)
    shown = found(capsys, "--bars", AAPL, "--config", str(named), file, code=REFUSED)
    codes = [one["code"] for one in shown["plans"][0]["verdict"]["violations"]]
    assert "PER_INSTRUMENT_UNITS_EXCEEDED" in codes
    assert shown["account"]["starting_cash"] == "90000.00"
    assert shown["assumptions"]["same_bar_priority"] == "target_first"
    assert "the target counts" in shown["assumptions"]["in_words"]

    Path("config.yaml").write_text(text)
    assert found(capsys, "--bars", AAPL, file, code=REFUSED)["account"]["cash"] == "90000.00"


@pytest.mark.parametrize(
    ("priority", "exits"),
    [("stop_first", "stop_loss"), ("target_first", "take_profit"), ("high_low_order", "stop_loss")],
)
def test_same_bar_priority_decides_a_day_that_reached_both(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, priority: str, exits: str
) -> None:
    """An up bar from 100 over 94 and 106 to 101; the entry fills at its open."""
    bars = tmp_path / "bars.csv"
    bars.write_text(
        "symbol,timestamp,open,high,low,close,volume\n"
        "AAPL,2012-03-02,100,100,100,100,1000000\n"
        "AAPL,2012-03-05,100,106,94,101,1000000\n"
    )
    levels = {"limit_price": "100.50", "stop_loss_level": "97.00", "take_profit_level": "106.00"}
    file = plan(tmp_path, **levels)
    config = tmp_path / "bars.yaml"
    config.write_text(f"stops: {{same_bar_priority: {priority}}}\n")
    shown = found(capsys, "--bars", str(bars), "--config", str(config), file)
    assert [one["reason"] for one in shown["plans"][0]["exits"]] == [exits]


def test_what_a_loss_limit_closes_and_what_expires_is_shown(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    bars = tmp_path / "bars.csv"
    rows = ["symbol,timestamp,open,high,low,close,volume"]
    prices = ((12, 100, 4), (13, 100, 4), (14, 98, 4), (15, 97, 4), (16, 107, 7))
    for day, close, option in prices:
        share = f"AAPL,2012-03-{day},{close},{close},{close},{close},1000000"
        call = f"AAPL120316C00100000,2012-03-{day},{option},{option},{option},{option},1000"
        rows += [share, call]
    bars.write_text("\n".join(rows) + "\n")
    levels = {"limit_price": "100.00", "stop_loss_level": "90.00", "take_profit_level": "130.00"}
    file = plan(tmp_path, at="2012-03-13T13:00:00Z", **levels)
    config = tmp_path / "loss.yaml"
    limit = "max_drawdown_pct: '0.0001', action: flatten, confirmations: 1"
    config.write_text(f"constraints: {{losses: {{{limit}}}}}\n")
    shown = found(capsys, "--bars", str(bars), "--config", str(config), file)
    (closed,) = shown["flattened"]
    assert (closed["price"], closed["reason"], closed["quantity"]) == ("98", "flatten", "15")
    assert shown["plans"][0]["exits"] == []
    assert main(["backtest", "--bars", str(bars), "--config", str(config), file]) == DONE
    assert "A loss limit closed everything:" in capsys.readouterr().out

    option = plan(
        tmp_path,
        "call",
        at="2012-03-13T13:00:00Z",
        instrument_id="AAPL120316C00100000",
        size={"quantity": "1", "unit": "CONTRACTS"},
        limit_price="4.00",
        stop_loss_level="2.00",
        take_profit_level="9.00",
        risk_denomination="OPTION_PRICE",
    )
    free = tmp_path / "free.yaml"
    free.write_text("constraints: {options: {min_minutes_to_expiry: 0}}\n")
    shown = found(capsys, "--bars", str(bars), "--config", str(free), option)
    (ended,) = shown["settlements"]
    assert (ended["price"], ended["quantity"], ended["reason"]) == ("7.00", "1", "expiry")
    assert shown["account"]["realized_pnl"] == "300.00"
    assert main(["backtest", "--bars", str(bars), "--config", str(free), option]) == DONE
    assert "settled at 7.00 (expiry)" in capsys.readouterr().out


def test_decisions_may_be_admitted_one_by_one(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = Path(plan(tmp_path))
    body = json.loads(file.read_text())
    second = {**body["decisions"][0], "decision_id": "much", "size": {"quantity": "900"}}
    second["size"]["unit"] = "SHARES"
    body["decisions"].append(second)
    file.write_text(json.dumps(body))
    assert not found(capsys, "--bars", AAPL, str(file), code=REFUSED)["ok"]
    shown = found(capsys, "--bars", AAPL, str(file), "--allow-partial")
    assert shown["plans"][0]["verdict"]["left_out"] == ["much"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--cash", "0"], "--cash"),
        (["--cash", "x"], "--cash: 'x' is not a number from 0 to 1,000,000,000"),
        (["--cash", "NaN"], "--cash"),
        (["--slippage-bps", "-1"], "--slippage-bps"),
        (["--slippage-bps", "5001"], "--slippage-bps"),
        (["--participation", "0"], "--participation"),
        (["--participation", "1.01"], "--participation"),
        (["--commission-per-share", "101"], "--commission-per-share"),
        (["--commission-per-contract", "-1"], "--commission-per-contract"),
        (["--at", "2012-03-05"], "--at: '2012-03-05' is not a moment"),
        (["--at", "monday"], "--at"),
    ],
)
def test_an_option_out_of_its_bounds_is_wrong_usage(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str], says: str
) -> None:
    assert says in failed(capsys, "--bars", AAPL, plan(tmp_path), *arguments)


def test_a_plan_without_a_timestamp_needs_a_moment(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = plan(tmp_path, at=None)
    err = failed(capsys, "--bars", AAPL, file)
    assert "--at" in err
    assert file in err
    shown = found(capsys, "--bars", AAPL, file, "--at", "2012-03-05T08:30:00-05:00")
    assert shown["plans"][0]["decided_at"] == "2012-03-05T13:30:00Z"


def test_bars_that_cannot_be_read_are_wrong_usage_with_their_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    bars = tmp_path / "bars.csv"
    bars.write_text("symbol,timestamp,open,high,low,close,volume\nAAPL,2012-03-05,1,1,2,1,1\n")
    assert f"{bars}:2: the high 1 is below the low 2" in failed(
        capsys, "--bars", str(bars), plan(tmp_path)
    )
    assert "none.csv" in failed(capsys, "--bars", str(tmp_path / "none.csv"), plan(tmp_path))


def test_plans_that_cannot_be_read_are_wrong_usage(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert "there is no *.json in this folder" in failed(capsys, "--bars", AAPL, str(tmp_path))
    file = tmp_path / "plan.json"
    file.write_text("{}")
    assert "plan.decisions" in failed(capsys, "--bars", AAPL, str(file))
    assert "none.json" in failed(capsys, "--bars", AAPL, str(tmp_path / "none.json"))


def test_a_wrong_configuration_has_its_own_exit_code(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    config = tmp_path / "wrong.yaml"
    config.write_text("stops: {same_bar_priority: sometimes}\n")
    err = failed(
        capsys, "--bars", AAPL, "--config", str(config), plan(tmp_path), code=CONFIGURATION
    )
    assert "stops.same_bar_priority" in err
