"""Does this client keep us busy without wanting anything?

Rapid resets (CVE-2023-44487) and floods of PING, SETTINGS, PRIORITY or empty DATA cost the server
far more than the client. Pure: the time is an argument.
"""

from attrs import define, field

from cream.adapters.rpc.settings import RpcSettings


@define
class FloodGuard:
    """Counts one connection's doings in windows of time."""

    settings: RpcSettings
    _window_ends_at: float = field(default=0.0, init=False)
    _requests: int = field(default=0, init=False)
    _requests_before: int = field(default=0, init=False)
    _resets: int = field(default=0, init=False)
    _control_frames: int = field(default=0, init=False)

    def request_opened(self, now: float) -> None:
        """A stream was opened, which is what resets are measured by."""
        self._turn_window(now)
        self._requests += 1

    def reset_is_flood(self, now: float, opened_at: float) -> bool:
        """Whether this reset is one too many: above the limit and half of all recent requests.

        A stream that lived longer than the window is no rapid reset: who closes a dashboard with
        a thousand subscriptions means no harm.
        """
        if now - opened_at > self.settings.flood_window_seconds:
            return False
        self._turn_window(now)
        self._resets += 1
        many = self._resets > self.settings.max_resets_per_window
        return many and self._resets * 2 > self._requests + self._requests_before

    def control_frame_is_flood(self, now: float) -> bool:
        """Whether this frame, which moves no call forward, is one too many."""
        self._turn_window(now)
        self._control_frames += 1
        return self._control_frames > self.settings.max_control_frames_per_window

    def _turn_window(self, now: float) -> None:
        if now < self._window_ends_at:
            return
        length = self.settings.flood_window_seconds
        # Of a window that has just ended; one that ended long ago says nothing.
        recent = now < self._window_ends_at + length
        self._requests_before = self._requests if recent else 0
        self._window_ends_at = now + length
        self._requests = self._resets = self._control_frames = 0
