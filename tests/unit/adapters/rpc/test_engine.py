"""Does an engine's error say with which code the connection must end?"""

from cream.adapters.rpc.engine import ErrorCode, ProtocolError


def test_a_protocol_error_carries_its_http2_code() -> None:
    assert ProtocolError("broken").code == ErrorCode.PROTOCOL_ERROR
    assert ProtocolError("slow down", ErrorCode.ENHANCE_YOUR_CALM).code == 11
