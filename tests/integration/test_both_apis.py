"""What the real daemon shows over JSON it shows over gRPC, field by field, to both Python clients."""

import asyncio
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from grpclib.client import Channel

from cream.client import InvalidRequest, NotFound, PreconditionFailed, Refused, Unauthenticated
from cream.wire import account_pb2, execution_pb2, options_pb2, simulation_pb2, status_pb2
from cream.wire.options_grpc import OptionServiceStub
from tests.integration.agents import ask
from tests.integration.daemon import Daemon, running
from tests.unit.adapters.server.both import as_json, with_times
from tests.unit.adapters.server.plans import vertical

SHORT, LONG = "AAPL  261218C00240000", "AAPL  261218C00245000"


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon that holds a spread of options, in a market that stands still."""
    folder: Path = tmp_path_factory.mktemp("both")
    with running(folder) as one:
        yield one
