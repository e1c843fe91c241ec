"""What a roll that is owed says of itself."""

from tests.fakes.rolls import a_roll_owed


def test_all_its_contracts_are_options_on_one_underlying() -> None:
    assert a_roll_owed().underlying == "AAPL"
