"""What does a gRPC call cost the server, ours against grpcio's asyncio server?

Both servers run in processes of their own and are driven by the same grpcio client in alternating
rounds. The figure is the server's CPU time per call, user and system, from /proc; the best round
counts, because foreign load only ever adds. Run as `python -m tests.benchmarks.rpc`.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import grpc

from tests.benchmarks.rpc_servers import SERVICE
from tests.integration.rpc.gen.echo_pb2 import Payload, Script

# About 1 KB, nested as a plan is.
PAYLOAD = Payload(
    text="equity-swing-long",
    body=bytes(range(256)) * 3,
    labels={f"key-{n}": f"value-{n}" for n in range(8)},
    child=Payload(text="entry", numbers=list(range(40)), ratio=0.25),
)
SERVERS = ("trio", "grpcio")
# What must hold: at most this multiple of grpcio's cost.
LIMITS = {"unary c=1": 1.25, "unary c=32": 1.0, "server stream": 0.5}
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@contextmanager
def _server(kind: str) -> Iterator[tuple[int, int]]:
    """A running server's process id and port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.rpc_servers", kind], stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        yield process.pid, int(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


async def _unary(port: int, calls: int, concurrency: int) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        method = channel.unary_unary(
            f"/{SERVICE}/Unary",
            request_serializer=Script.SerializeToString,
            response_deserializer=Payload.FromString,
        )
        script = Script(payload=PAYLOAD)

        async def one_after_another() -> None:
            for _ in range(calls // concurrency):
                await method(script)

        await asyncio.gather(*(one_after_another() for _ in range(concurrency)))


async def _server_stream(port: int, messages: int) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        method = channel.unary_stream(
            f"/{SERVICE}/ServerStream",
            request_serializer=Script.SerializeToString,
            response_deserializer=Payload.FromString,
        )
        received = 0
        async for _ in method(Script(payload=PAYLOAD, replies=messages)):
            received += 1
        assert received == messages, f"Expected {messages} messages, were {received}"


def _measure(pid: int, port: int, case: str, count: int) -> float:
    """CPU microseconds per call or message."""
    before = _cpu_seconds(pid)
    match case:
        case "unary c=1":
            asyncio.run(_unary(port, count, 1))
        case "unary c=32":
            asyncio.run(_unary(port, count, 32))
        case "server stream":
            asyncio.run(_server_stream(port, count))
        case _:
            raise ValueError(case)
    return (_cpu_seconds(pid) - before) / count * 1e6


def run(quick: bool = False) -> list[dict[str, Any]]:
    """One row per case: microseconds of both servers, their ratio, and the ratio's limit."""
    rounds, counts = (2, (800, 1600, 4000)) if quick else (5, (1500, 3200, 10000))
    costs: dict[tuple[str, str], list[float]] = {}
    with ExitStack() as stack:
        running = {kind: stack.enter_context(_server(kind)) for kind in SERVERS}
        for kind in SERVERS:  # warm up: imports, first connection, specialised bytecode
            asyncio.run(_unary(running[kind][1], 320, 8))
        for _ in range(rounds):
            for case, count in zip(LIMITS, counts, strict=True):
                for kind in SERVERS:
                    cost = _measure(*running[kind], case, count)
                    costs.setdefault((case, kind), []).append(cost)
    rows = []
    for case, limit in LIMITS.items():
        ours, theirs = (min(costs[case, kind]) for kind in SERVERS)
        rows.append(
            {
                "case": case,
                "cream_us": round(ours, 1),
                "grpcio_us": round(theirs, 1),
                "ratio": round(ours / theirs, 2),
                "limit": limit,
            }
        )
    return rows


def main() -> None:
    print("server CPU per call or message, best of rounds")
    for row in run(quick="--quick" in sys.argv):
        verdict = "ok" if row["ratio"] <= row["limit"] else "MISSED"
        print(
            f"{row['case']:14} cream {row['cream_us']:7.1f} us  grpcio {row['grpcio_us']:7.1f} us"
            f"  ratio {row['ratio']:.2f} (limit {row['limit']:.2f}) {verdict}"
        )


if __name__ == "__main__":
    main()
