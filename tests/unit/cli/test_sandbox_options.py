"""What can be typed after `cream sandbox`."""

import pytest

from cream.cli.main import parser


def test_by_itself_it_is_a_paper_account_that_is_open_all_day() -> None:
    options = parser().parse_args(["sandbox"])
    assert (options.fees, options.session, options.port) == ("paper", "always_open", 8100)


def test_fees_are_those_of_a_live_account_or_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert parser().parse_args(["sandbox", "--fees", "live"]).fees == "live"
    with pytest.raises(SystemExit):
        parser().parse_args(["sandbox", "--fees", "some"])
    assert "--fees" in capsys.readouterr().err
