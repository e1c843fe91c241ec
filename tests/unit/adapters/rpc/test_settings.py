"""Are the transport's limits checked before they limit anything?"""

import pytest
from attrs import fields

from cream.adapters.rpc.settings import RpcSettings

NUMBERS = [a.name for a in fields(RpcSettings) if a.name != "compress_replies_from_bytes"]


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_every_limit_must_be_positive(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        RpcSettings(**{name: value})


@pytest.mark.parametrize("name", ["stream_window_bytes", "connection_window_bytes"])
def test_a_window_fits_into_http2(name: str) -> None:
    with pytest.raises(ValueError, match="2\\*\\*31"):
        RpcSettings(**{name: 2**31})


def test_the_connection_window_is_at_least_what_every_connection_has() -> None:
    with pytest.raises(ValueError, match="connection_window_bytes"):
        RpcSettings(connection_window_bytes=65_534)


def test_a_connection_may_hold_one_message_of_full_size() -> None:
    """Otherwise a message that is allowed could never arrive."""
    with pytest.raises(ValueError, match="one message"):
        RpcSettings(max_receive_message_bytes=100, max_buffered_bytes_per_connection=99)
