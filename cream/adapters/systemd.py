"""How does systemd learn how the daemon does? By datagrams on the socket that it names.

Source: sd_notify(3), sd_watchdog_enabled(3).
"""

import os
import socket
import time
from collections.abc import Callable, Mapping

import trio


class Notifier:
    """Sends state to systemd; without `NOTIFY_SOCKET` in `environ` it does nothing.

    Owns: its socket, closed by `close`.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket: socket.socket | None = None
        self.watchdog_seconds = _watchdog_seconds(environ)
        if self._address:
            kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
            self._socket = socket.socket(socket.AF_UNIX, kind)

    def ready(self, status: str) -> None:
        """The daemon has recovered and serves."""
        self._send("READY=1", f"STATUS={status}")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._send(f"STATUS={text}")

    def reloading(self) -> None:
        """The configuration is being read again; `ready` ends it."""
        micros = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1_000
        self._send("RELOADING=1", f"MONOTONIC_USEC={micros}")

    def stopping(self) -> None:
        """The daemon drains."""
        self._send("STOPPING=1")

    async def beat(
        self,
        healthy: Callable[[], bool],
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Feed the watchdog at half its period while `healthy()`; return at once if it is off."""
        task_status.started()
        if self.watchdog_seconds is None:
            return
        while True:
            if healthy():
                self._send("WATCHDOG=1")
            await trio.sleep(self.watchdog_seconds / 2)

    def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, *lines: str) -> None:
        if self._socket is None:
            return
        # A line break within a value would begin another assignment.
        text = "\n".join(" ".join(line.splitlines()) for line in lines)
        try:
            self._socket.sendto(text.encode(), self._address)
        except OSError:
            # systemd's queue is full or it is gone: its own timeout is the remedy.
            return


def _watchdog_seconds(environ: Mapping[str, str]) -> float | None:
    micros = environ.get("WATCHDOG_USEC", "")
    for_us = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    if not micros.isdecimal() or int(micros) == 0 or not for_us:
        return None
    return int(micros) / 1_000_000
