"""`cream payoff`: a plan in, curves and figures out."""

import io
import json
import sys
from pathlib import Path

import pytest

from cream.cli.exits import DONE, REFUSED, USAGE
from cream.cli.main import main

PLANS = Path(__file__).parents[3] / "examples" / "plans"


def figures(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, object]]:
    assert main(["payoff", *arguments, "--json"]) == DONE
    return list(json.loads(capsys.readouterr().out))


def plan_with(tmp_path: Path, **changed: object) -> str:
    plan = json.loads((PLANS / "vertical-call-spread.json").read_text())
    plan["decisions"][0].update(changed)
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan))
    return str(file)


def calendar(tmp_path: Path) -> str:
    legs = [
        {"symbol": "AAPL261218C00240000", "ratio_qty": -1, "position_intent": "sell_to_open"},
        {"symbol": "AAPL270115C00240000", "ratio_qty": 1, "position_intent": "buy_to_open"},
    ]
    return plan_with(tmp_path, legs=legs, strategy_family="CALENDAR_SPREAD")


def test_a_condor_shows_what_it_gains_and_loses(capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = figures(capsys, str(PLANS / "iron-condor.json"))

    assert found["strategy"] == "short iron condor"
    assert (found["max_profit"], found["max_loss"]) == ("320.00", "680.00")
    assert found["break_evens"] == ["643.40", "681.60"]
    assert found["margin"] == "1000.00"
    assert max(found["profits"]) == pytest.approx(320.0)  # type: ignore[type-var]
    assert min(found["profits"]) == pytest.approx(-680.0)  # type: ignore[type-var]
    assert found["modelled"] is False


def test_people_get_a_drawing_and_the_figures(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["payoff", str(PLANS / "naked-short-leg.json")]) == DONE
    text = capsys.readouterr().out

    assert "*" in text
    assert "max loss   unbounded" in text
    assert "beware" in text
    assert "no cover" in text


def test_a_single_option_is_drawn_too(capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = figures(capsys, str(PLANS / "single-call.json"))

    assert found["strategy"] == "long call single"
    assert found["max_profit"] == "unbounded"


def test_a_picture_is_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    picture = tmp_path / "payoff.svg"
    figures(capsys, str(PLANS / "vertical-call-spread.json"), "--svg", str(picture))

    assert picture.read_text().startswith("<svg")
    nowhere = str(tmp_path / "none" / "payoff.svg")
    assert main(["payoff", str(PLANS / "iron-condor.json"), "--svg", nowhere]) == USAGE


def test_a_png_is_written_for_each_decision(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    plan = json.loads((PLANS / "iron-condor.json").read_text())
    plan["decisions"].append({**plan["decisions"][0], "decision_id": "second"})
    file, picture = tmp_path / "plan.json", tmp_path / "payoff.png"
    file.write_text(json.dumps(plan))

    figures(capsys, str(file), "--png", str(picture))

    for name in ("payoff.png", "payoff-2.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
    nowhere = str(tmp_path / "none" / "payoff.png")
    assert main(["payoff", str(file), "--png", nowhere]) == USAGE


def test_a_png_without_pillow_is_refused_and_says_what_to_install(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    picture = tmp_path / "payoff.png"

    assert main(["payoff", str(PLANS / "iron-condor.json"), "--png", str(picture)]) == REFUSED
    assert "cream[plot]" in capsys.readouterr().err
    assert not picture.exists()


def test_several_expirations_are_modelled_and_say_so(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = calendar(tmp_path)
    (found,) = figures(capsys, file, "--volatility", "0.25")

    assert found["modelled"] is True
    assert found["max_profit"] == "unknown"
    assert found["max_loss"] == "1550.00"
    assert len(found["break_evens"]) == 2  # type: ignore[arg-type]
    assert main(["payoff", file]) == DONE
    assert "modelled" in capsys.readouterr().out


def test_standard_input_serves_as_a_plan(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    body = (PLANS / "iron-condor.json").read_bytes()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(body)))
    (found,) = figures(capsys, "-")

    assert found["units"] == "2"


@pytest.mark.parametrize(
    ("text", "says"),
    [("{", "not JSON"), ("{}", "decisions"), ("[]", "plan")],
)
def test_what_is_not_a_plan_is_wrong_usage(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, says: str
) -> None:
    file = tmp_path / "plan.json"
    file.write_text(text)

    assert main(["payoff", str(file)]) == USAGE
    assert says in capsys.readouterr().err


def test_a_plan_without_option_trades_and_a_missing_file_are_wrong_usage(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["payoff", str(PLANS / "equity-swing-long.json")]) == USAGE
    assert "no decision" in capsys.readouterr().err
    assert main(["payoff", str(tmp_path / "none.json")]) == USAGE


@pytest.mark.parametrize(
    "terms",
    [
        {"net_limit_price": "0"},
        {"size": {"quantity": "1", "unit": "CONTRACTS"}, "net_limit_price": "-0.01"},
    ],
)
def test_who_breaks_even_at_nothing_is_drawn_all_the_same(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, terms: dict[str, object]
) -> None:
    """There is no curve at a price of nothing, but there is one beside it."""
    (found,) = figures(capsys, plan_with(tmp_path, **terms))
    profits = found["profits"]

    assert isinstance(profits, list)
    assert all(profit == profit for profit in profits)
    assert main(["payoff", plan_with(tmp_path, **terms)]) == DONE


def test_a_decision_that_trades_nothing_is_not_drawn(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = plan_with(tmp_path, action="HOLD", size={"quantity": "0", "unit": "CONTRACTS"})

    assert main(["payoff", file]) == USAGE
    assert "no decision" in capsys.readouterr().err


def test_legs_that_cancel_each_other_are_wrong_usage(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    plan = json.loads((PLANS / "vertical-call-spread.json").read_text())
    bought, sold = plan["decisions"][0]["legs"]
    sold["symbol"] = bought["symbol"]

    assert main(["payoff", plan_with(tmp_path, legs=[bought, sold])]) == USAGE
    assert "not zero" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "value"),
    [("--volatility", "-1"), ("--volatility", "nan"), ("--rate", "inf"), ("--rate", "1e9")],
)
def test_assumptions_that_price_nothing_are_wrong_usage(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, value: str
) -> None:
    assert main(["payoff", calendar(tmp_path), name, value]) == USAGE
    assert name in capsys.readouterr().err


def test_a_rate_below_zero_can_be_assumed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A call may have two exercise boundaries then."""
    (found,) = figures(capsys, calendar(tmp_path), "--rate", "-0.01")

    assert found["modelled"] is True
