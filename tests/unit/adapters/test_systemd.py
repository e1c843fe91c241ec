"""systemd is told what happens, and whatever is wrong with its socket stops nothing."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trio
import trio.testing
from attrs import define

from cream.adapters.systemd import Notifier

MANY = 4096


@define
class Systemd:
    """The other end of the socket."""

    socket: socket.socket
    address: str

    def heard(self) -> list[str]:
        """Every datagram since the last look."""
        found: list[str] = []
        while True:
            try:
                found.append(self.socket.recv(MANY).decode())
            except BlockingIOError:
                return found

    def environ(self, **others: str) -> dict[str, str]:
        return {"NOTIFY_SOCKET": self.address, **others}


def listening(address: str) -> Systemd:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    listener.bind("\0" + address[1:] if address.startswith("@") else address)
    return Systemd(listener, address)


@pytest.fixture(params=["a path", "an abstract name"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Systemd]:
    path = str(tmp_path / "notify")
    one = listening(path if request.param == "a path" else f"@cream-test{path}")
    yield one
    one.socket.close()


def test_readiness_status_and_stopping_are_assignments(systemd: Systemd) -> None:
    notifier = Notifier(systemd.environ())
    notifier.ready("serving")
    notifier.status("draining")
    notifier.stopping()
    notifier.close()

    assert systemd.heard() == ["READY=1\nSTATUS=serving", "STATUS=draining", "STOPPING=1"]


def test_a_status_of_several_lines_assigns_nothing_else(systemd: Systemd) -> None:
    notifier = Notifier(systemd.environ())
    notifier.status("one\nSTOPPING=1\r\nthree")
    notifier.close()

    assert systemd.heard() == ["STATUS=one STOPPING=1 three"]


def say_everything(notifier: Notifier) -> None:
    notifier.ready("serving")
    notifier.status("fine")
    notifier.stopping()


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}])
def test_without_systemd_nothing_is_sent(environ: dict[str, str]) -> None:
    notifier = Notifier(environ)
    say_everything(notifier)
    notifier.close()
    notifier.close()


def gone(path: Path) -> str:
    return str(path / "nobody")


def too_long(path: Path) -> str:
    return str(path / ("x" * 200))


@pytest.mark.parametrize("address", [gone, too_long])
def test_a_socket_that_is_not_there_stops_nothing(
    address: Callable[[Path], str], tmp_path: Path
) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": address(tmp_path)})
    say_everything(notifier)
    notifier.close()


def test_a_full_queue_does_not_block(systemd: Systemd) -> None:
    notifier = Notifier(systemd.environ())
    for _ in range(MANY):
        notifier.status("x" * 1000)
    notifier.close()

    assert 0 < len(systemd.heard()) < MANY


def test_after_closing_nothing_is_sent(systemd: Systemd) -> None:
    notifier = Notifier(systemd.environ())
    notifier.close()
    say_everything(notifier)

    assert systemd.heard() == []


async def test_the_watchdog_is_fed_at_half_its_period_while_all_is_well(
    systemd: Systemd, autojump_clock: trio.testing.MockClock
) -> None:
    notifier = Notifier(systemd.environ(WATCHDOG_USEC="3000000"))
    well = True
    async with trio.open_nursery() as nursery:
        await nursery.start(notifier.beat, lambda: well)
        await trio.sleep(4.0)
        assert systemd.heard() == ["WATCHDOG=1"] * 3
        well = False
        await trio.sleep(10.0)
        assert systemd.heard() == []
        well = True
        await trio.sleep(1.5)
        assert systemd.heard() == ["WATCHDOG=1"]
        nursery.cancel_scope.cancel()
    notifier.close()


@pytest.mark.parametrize(
    "others",
    [
        {},
        {"WATCHDOG_USEC": ""},
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "soon"},
        {"WATCHDOG_USEC": "-5"},
        # A digit to `str.isdigit` that `int` refuses.
        {"WATCHDOG_USEC": "²"},
        {"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid() + 1)},
    ],
)
async def test_a_watchdog_that_is_off_or_another_process_s_is_not_fed(
    others: dict[str, str], systemd: Systemd, autojump_clock: trio.testing.MockClock
) -> None:
    notifier = Notifier(systemd.environ(**others))
    assert notifier.watchdog_seconds is None
    with trio.fail_after(10):
        await notifier.beat(lambda: True)
    notifier.close()

    assert systemd.heard() == []


def test_the_watchdog_of_this_process_counts() -> None:
    environ = {"WATCHDOG_USEC": "250000", "WATCHDOG_PID": str(os.getpid())}

    assert Notifier(environ).watchdog_seconds == 0.25
