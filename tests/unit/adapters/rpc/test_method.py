"""Is every method of every service found under its path?"""

import pytest

from cream.adapters.rpc import Health
from cream.adapters.rpc.method import methods_by_path, service_name
from tests.integration.rpc.gen.echo_pb2 import Payload, Script
from tests.integration.rpc.handlers import BIDI, UNARY, ScriptedEcho


def test_methods_are_found_by_the_path_of_a_request() -> None:
    methods = methods_by_path([ScriptedEcho(), Health()])

    unary, bidi = methods[UNARY.encode()], methods[BIDI.encode()]
    assert (unary.client_streaming, unary.server_streaming) == (False, False)
    assert (bidi.client_streaming, bidi.server_streaming) == (True, True)
    assert unary.parse(b"") == Script()
    assert unary.reply_type is Payload
    assert b"/grpc.health.v1.Health/Check" in methods


def test_public_services_are_marked() -> None:
    methods = methods_by_path([ScriptedEcho(), Health()], {"grpc.health.v1.Health"})

    assert methods[b"/grpc.health.v1.Health/Check"].public
    assert not methods[UNARY.encode()].public


def test_one_path_has_one_handler() -> None:
    with pytest.raises(ValueError, match="one handler"):
        methods_by_path([ScriptedEcho(), ScriptedEcho()])


def test_a_public_service_that_is_not_served_is_a_mistake() -> None:
    """Otherwise a misspelt name would pass unnoticed."""
    with pytest.raises(ValueError, match="grpc\\.Health"):
        methods_by_path([ScriptedEcho()], {"grpc.Health"})


def test_the_service_is_named_in_the_path() -> None:
    assert service_name("/a.b.C/Method") == "a.b.C"
