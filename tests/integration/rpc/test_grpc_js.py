"""Does the official Node client, @grpc/grpc-js, get on with the server?"""

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cream.adapters.rpc import RpcSettings
from cream.adapters.rpc.errors import decode_details
from tests.integration.rpc.gen import echo_pb2
from tests.integration.rpc.handlers import WaitingEcho
from tests.integration.rpc.threads import trio_server

FOLDER = Path(__file__).parent / "grpc_js"
PROTO = Path(echo_pb2.__file__).with_name("echo.proto")
PATIENCE_SECONDS = 120

missing = [name for name in ("node", "npm") if shutil.which(name) is None]
pytestmark = pytest.mark.skipif(
    bool(missing), reason=f"grpc-js interoperability needs {' and '.join(missing)} on the PATH"
)


@pytest.fixture(scope="module")
def installed(request: pytest.FixtureRequest) -> Path:
    """A folder with the client and its packages; kept by pytest's cache."""
    cache = request.config.cache
    assert cache is not None
    folder = cache.mkdir("grpc_js")
    for name in ("client.js", "package.json"):
        shutil.copyfile(FOLDER / name, folder / name)
    if not (folder / "node_modules" / "@grpc" / "proto-loader").is_dir():
        command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock"]
        subprocess.run(
            command, cwd=folder, check=True, capture_output=True, timeout=PATIENCE_SECONDS
        )
    return folder


@pytest.fixture(scope="module")
def echo() -> WaitingEcho:
    return WaitingEcho()


@pytest.fixture(scope="module")
def seen(installed: Path, echo: WaitingEcho) -> dict[str, Any]:
    """What the client reports of all its calls."""
    with trio_server([echo], settings=RpcSettings(compress_replies_from_bytes=1_000)) as running:
        done = subprocess.run(
            ["node", "client.js", running.target, str(PROTO)],
            cwd=installed,
            check=True,
            capture_output=True,
            timeout=PATIENCE_SECONDS,
        )
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_a_unary_call_works(seen: dict[str, Any]) -> None:
    assert seen["unary"]["code"] == 0
    assert seen["unary"]["reply"]["text"] == "grüß"


def test_metadata_travels_both_ways(seen: dict[str, Any]) -> None:
    assert (seen["metadata"]["initial"], seen["metadata"]["trailing"]) == ("words", "words")


def test_an_error_carries_status_text_and_details(seen: dict[str, Any]) -> None:
    assert (seen["error"]["code"], seen["error"]["details"]) == (3, "größer als 100 %")
    info, bad_request = decode_details(base64.b64decode(seen["error"]["packed"]))
    assert info.reason == "SCRIPTED"  # type: ignore[attr-defined]
    assert bad_request.field_violations[0].field == "payload.text"  # type: ignore[attr-defined]


def test_a_fault_says_nothing_of_its_cause(seen: dict[str, Any]) -> None:
    assert (seen["fault"]["code"], seen["fault"]["details"]) == (2, "Internal error")


def test_gzip_works_both_ways(seen: dict[str, Any]) -> None:
    assert (seen["zipped"]["code"], seen["zipped"]["reply"]) == (0, 50_000)


def test_a_message_of_a_megabyte_works_both_ways(seen: dict[str, Any]) -> None:
    assert (seen["large"]["code"], seen["large"]["reply"]) == (0, 1_000_000)


def test_streams_work(seen: dict[str, Any]) -> None:
    assert seen["stream"] == {"code": 0, "texts": ["grüß"] * 5}
    assert seen["broken"] == {"code": 10, "texts": ["grüß"] * 2}
    assert seen["bidi"] == {"code": 0, "texts": ["a", "b", "c"]}
    assert seen["clientStream"] == "a,b,c"


def test_a_deadline_and_a_cancellation_end_their_calls(
    seen: dict[str, Any], echo: WaitingEcho
) -> None:
    assert seen["deadline"]["code"] == 4
    assert seen["cancelled"]["code"] == 1
    assert echo.cancelled == 2


def test_many_calls_at_once_work(seen: dict[str, Any]) -> None:
    assert seen["many"] == 200
