"""The protocol has one implementation, and one for tests."""

from cream.core.execution.account_shown import AccountShown
from cream.daemon.account_history import AccountHistory
from tests.fakes.account_history import FakeHistory


def test_what_is_promised_is_there() -> None:
    """The type checker holds the signatures together; this holds the names."""
    promised = {name for name in vars(AccountShown) if not name.startswith("_")}
    assert promised == {"activities", "fees", "option_alarms"}
    assert all(hasattr(kind, name) for kind in (AccountHistory, FakeHistory) for name in promised)
