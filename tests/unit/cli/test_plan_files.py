"""A plan is read from a file as the daemon would read it."""

import io
from pathlib import Path

import pytest

from cream.cli.client import CommandFailed
from cream.cli.exits import USAGE
from cream.cli.plan_files import read_plan_file

PLAN = Path(__file__).parents[3] / "examples" / "plans" / "equity-swing-long.json"


def test_a_plan_is_read_from_a_file_or_from_standard_input(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = read_plan_file(PLAN)
    assert plan.plan_id == "swing-1"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(PLAN.read_bytes())))
    assert read_plan_file(Path("-")) == plan


@pytest.mark.parametrize(
    ("text", "says"),
    [("{", "is not a plan"), ('{"plan_id": 5}', "plan.decisions"), ("[]", "is not a plan")],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "plan.json"
    file.write_text(text)
    with pytest.raises(CommandFailed, match=says) as raised:
        read_plan_file(file)
    assert raised.value.code == USAGE


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed) as raised:
        read_plan_file(tmp_path / "none.json")
    assert raised.value.code == USAGE
