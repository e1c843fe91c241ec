"""The configuration is checked with all its problems, shown without its secrets, described."""

import json
from collections.abc import Collection
from pathlib import Path

import pytest
import yaml

from cream.adapters.config.show import NotEffective
from cream.cli import exits
from cream.cli.main import main


@pytest.fixture
def config(directory: Path) -> Path:
    return directory / "config.yaml"


def test_a_valid_file_is_said_to_be_valid(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text("server: {http_port: 6000}\n")

    assert main(["config", "check"]) == exits.DONE
    first, heading, *limits = capsys.readouterr().out.splitlines()
    assert first == "config.yaml: valid"
    assert heading == "Each limit, gone past on a portfolio made up for it:"
    assert limits
    assert {one.split()[1] for one in limits} == {"denies", "warns", "off"}


def test_every_problem_is_told_with_its_line(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text("server:\n  http_port: 99999999\n  nonsense: 1\n")

    assert main(["config", "check"]) == exits.CONFIGURATION
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "config.yaml:2: server.http_port" in printed.err
    assert "config.yaml:3: server.nonsense" in printed.err


def test_problems_in_json_have_path_line_and_what_is_expected(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text("server:\n  http_port: many\n")

    assert main(["config", "check", "--json"]) == exits.CONFIGURATION
    content = json.loads(capsys.readouterr().out)
    [problem] = content["problems"]
    assert content["ok"] is False
    assert (problem["path"], problem["line"]) == ("server.http_port", 2)
    assert problem["found"]
    assert problem["expected"]


@pytest.fixture
def waiting(config: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A key that is accepted although its feature is not there yet. There is none left."""
    path = "pricing.volatility_window_days"
    config.write_text("pricing: {volatility_window_days: 5}\n")

    def found(_settings: object, given: Collection[str]) -> list[NotEffective]:
        return [NotEffective(path, "Later")] if path in given else []

    monkeypatch.setattr("cream.cli.configuration.not_effective", found)
    return path


def test_keys_that_do_nothing_yet_are_listed(
    waiting: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["config", "check"]) == exits.DONE
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first == "config.yaml: valid"
    assert second.startswith(f"  {waiting}: not yet effective, waits for: ")

    assert main(["config", "check", "--json"]) == exits.DONE
    content = json.loads(capsys.readouterr().out)
    assert content["ok"] is True
    assert content["problems"] == []
    assert [one["path"] for one in content["not_effective"]] == [waiting]


def test_what_is_in_force_is_shown_without_secrets_as_yaml_that_loads_again(
    config: Path, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text(
        "server: {http_port: 6000}\n"
        "brokers: {alpaca: {api_key: AKIA-very-secret}}\n"
        "constraints: {per_instrument: {max_notional: 50000.10}}\n"
    )

    assert main(["config", "show"]) == exits.DONE
    shown = capsys.readouterr().out
    assert "AKIA" not in shown
    assert yaml.safe_load(shown)["server"]["http_port"] == 6000
    (directory / "again.yaml").write_text(shown)
    assert main(["config", "show", "-c", "again.yaml"]) == exits.DONE
    assert capsys.readouterr().out == shown


def test_what_is_in_force_is_shown_in_json_with_amounts_as_text(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text("constraints: {per_instrument: {max_notional: 50000.10}}\n")

    assert main(["config", "show", "--json"]) == exits.DONE
    content = json.loads(capsys.readouterr().out)
    assert content["constraints"]["per_instrument"]["max_notional"] == "50000.10"
    assert content["brokers"]["active"] == "simulated"


def test_a_wrong_configuration_is_not_shown(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text("server: {http_port: many}\n")

    assert main(["config", "show"]) == exits.CONFIGURATION
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_the_schema_needs_no_configuration(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["config", "schema", *arguments]) == exits.DONE

    schema = json.loads(capsys.readouterr().out)
    assert "http_port" in json.dumps(schema)


def test_a_file_that_is_not_there_is_a_problem(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "check", "--config", "nothing.yaml"]) == exits.CONFIGURATION
    assert "nothing.yaml" in capsys.readouterr().err
