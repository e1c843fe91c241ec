"""Do tools find out what the server serves?"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import grpc
from grpclib.reflection.v1.reflection_pb2 import (
    ServerReflectionRequest,
    ServerReflectionResponse,
)

from cream.adapters.rpc import Health, with_reflection
from cream.adapters.rpc.reflection import SERVICES
from tests.integration.rpc.handlers import ScriptedEcho
from tests.integration.rpc.threads import trio_server

SERVED = ["cream.test.echo.v1.Echo", "grpc.health.v1.Health"]


def test_the_official_client_learns_services_methods_and_fields() -> None:
    script = Path(__file__).with_name("reflection_client.py")
    with trio_server(with_reflection([ScriptedEcho(), Health()])) as running:
        done = subprocess.run(
            [sys.executable, str(script), running.target],
            check=True,
            capture_output=True,
            timeout=30,
        )

    learned = json.loads(done.stdout)
    assert learned["services"] == SERVED
    assert learned["methods"] == ["Unary", "ServerStream", "ClientStream", "Bidi"]
    assert learned["fields"][:3] == ["payload", "replies", "status"]


def test_the_current_version_of_the_protocol_is_served_as_well() -> None:
    codec: dict[str, Any] = {
        "request_serializer": ServerReflectionRequest.SerializeToString,
        "response_deserializer": ServerReflectionResponse.FromString,
    }
    asked = [
        ServerReflectionRequest(list_services=""),
        ServerReflectionRequest(file_containing_symbol="cream.test.echo.v1.Script"),
        ServerReflectionRequest(file_containing_symbol="cream.Nothing"),
    ]
    with (
        trio_server(with_reflection([ScriptedEcho(), Health()])) as running,
        grpc.insecure_channel(running.target) as channel,
    ):
        call = channel.stream_stream(f"/{SERVICES[0]}/ServerReflectionInfo", **codec)
        services, file, nothing = call(iter(asked))

    assert [one.name for one in services.list_services_response.service] == SERVED
    assert file.file_descriptor_response.file_descriptor_proto
    assert nothing.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]
