"""The configuration is the file, over it the environment, over that what was typed."""

from pathlib import Path

import pytest

from cream.adapters.config import ConfigErrors
from cream.cli.settings import complain, load_settings


@pytest.fixture
def config(directory: Path) -> Path:
    file = directory / "config.yaml"
    file.write_text("server: {http_port: '${HTTP_PORT:-6000}'}\n")
    return file


def test_the_environment_and_the_env_file_fill_the_file_in(
    config: Path, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HTTP_PORT", raising=False)
    assert load_settings(config).settings.server.http_port == 6000

    (directory / ".env").write_text("HTTP_PORT=6001\n")
    assert load_settings(config).settings.server.http_port == 6001

    monkeypatch.setenv("HTTP_PORT", "6002")
    assert load_settings(config).settings.server.http_port == 6002


def test_the_broker_that_was_typed_wins_and_needs_its_own_secrets(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the broker that is not in use lacks is no problem; what the other lacks is one."""
    monkeypatch.delenv("ALPACA_KEY", raising=False)
    monkeypatch.delenv("ALPACA_SECRET", raising=False)
    config.write_text("brokers: {active: alpaca, alpaca: {api_key: '${ALPACA_KEY}'}}\n")

    assert load_settings(config, "simulated").settings.brokers.active == "simulated"
    with pytest.raises(
        ConfigErrors, match="Missing required environment variables: ALPACA_KEY, ALPACA_SECRET"
    ):
        load_settings(config)


def test_a_complaint_is_every_problem_and_the_exit_code(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text("server: {http_port: many}\n")
    with pytest.raises(ConfigErrors) as caught:
        load_settings(config)

    assert complain(caught.value) == 78
    assert capsys.readouterr().err == f"{caught.value}\n"
