"""What can be made to go wrong in the sandbox, and what of it is armed?

Each fault is something that has happened at Alpaca; it is switched on by name, for good, for a
number of times or for some seconds, and can be narrowed to paths. Chance follows the seed.
"""

from collections.abc import Callable, Mapping
from enum import Enum

from attrs import define, field, frozen

from cream.adapters.sandbox.refusals import unprocessable

# A year; more than any test waits, and far from what arithmetic minds.
_MOST_SECONDS = 366 * 86_400.0


# What is a fault by name as well as a path of its own, and what it takes.
HALT = "mkt.halt"
ACTS = {
    "ca.split": {"symbol", "ratio"},
    "ops.liquidate_leg": {"symbol"},
    "opt.assign": {"symbol", "qty"},
    HALT: {"symbol", "reason"},
}


class FaultName(Enum):
    """Everything that can be made to go wrong."""

    # Every request gets a 503, and streams are cut and refused.
    UNREACHABLE = "venue.unreachable"
    # Orders are taken and nothing is told of them until it ends.
    OUTAGE = "venue.outage"
    # The order is placed, and the answer is a gateway's 504.
    POST_ACCEPTED_504 = "rest.post_accept_then_504"
    # The order is placed, and no answer comes for `seconds`.
    HANG_AFTER_COMMIT = "rest.hang_after_commit"
    # The order is not placed, and the answer is a 504 all the same.
    POST_LOST_504 = "rest.post_lost_504"
    # Orders cannot be found by client id for `seconds` after they were placed.
    LOOKUP_LAG = "rest.lookup_lag"
    # Requests fail with `status`, each with probability `p`.
    FLAKY = "rest.flaky"
    # Requests to `path` are answered with 503.
    UNAVAILABLE = "rest.503_on"
    # Orders are refused with a business error that makes no sense.
    SPURIOUS_403 = "rest.spurious_403"
    # Positions are those of `seconds` ago.
    STALE_POSITIONS = "rest.stale_positions"
    # An order is replaced, and the answer is an error.
    PATCH_ERROR_APPLIED = "rest.patch_error_but_applied"
    # Replacing is refused because the last replacement is not through.
    CHAIN_NOT_READY = "rest.chain_not_ready"
    # Changing the price is refused for a lack of quantity.
    PATCH_403_QTY = "rest.patch_403_qty"
    # Requests are throttled.
    THROTTLE = "rest.throttle"
    # Keys are refused, and streams are cut.
    REVOKE = "auth.revoke"
    # All figures of the account are zero.
    ZERO_ACCOUNT = "account.zero"
    # Fractions of shares are refused.
    FRACTIONAL_PAUSE = "risk.fractional_pause"
    # A cancel is taken and nothing happens until `seconds` have passed.
    STICK_PENDING_CANCEL = "order.stick_pending_cancel"
    # An order is filled just before it is cancelled.
    FILL_BEFORE_CANCEL = "order.fill_before_cancel"
    # A replacement is taken, and rejected right afterwards.
    REPLACE_REJECT = "order.replace_reject_async"
    # The old order fills while it is being replaced; its replacement is rejected.
    FILL_DURING_REPLACE = "order.fill_during_replace"
    # An exit that begins to work gets another id.
    LEG_SWAP = "order.leg_swap_id"
    # Both exits of a group fill.
    DOUBLE_FILL = "order.double_oco_fill"
    # Half of an order fills just before it is cancelled.
    PARTIAL_THEN_CANCEL = "order.partial_then_cancel"
    # Half of an order fills as it is taken, and nothing more of it ever does; its exits wait.
    PARTIAL_ENTRY = "order.partial_entry_forever"
    # Half of an order fills, and the rest with the next quote (paper accounts: with p of 0.1).
    PARTIAL_FIRST = "order.partial_first"
    # What an order had laid hands on is free only `seconds` after it was cancelled.
    QTY_RELEASE_LAG = "pos.qty_release_lag"
    # What has filled in part expires.
    EXPIRE_PARTIAL = "order.partial_then_expire"
    # Streams are cut at once, and refused until it ends: what happens meanwhile is told to nobody.
    DROPPED = "ws.drop_between"
    # Opening a stream is answered with 429.
    UPGRADE_429 = "ws.upgrade_429"
    # A connection that ended counts for `seconds` more: the order stream refuses the next with 429,
    # a data stream with error 406.
    GHOST_SESSION = "ws.ghost_session"
    # Messages of the order stream are lost, each with probability `p`.
    DROP_EVENT = "ws.drop_event"
    # Messages come `times` more often than they should.
    DUPLICATE = "ws.duplicate"
    # With each new connection the last `times` messages come again.
    REPLAY_TAIL = "ws.replay_tail"
    # Messages without content.
    NULL_DATA = "ws.null_data"
    # Messages with an event and a status that nobody knows.
    UNKNOWN_EVENT = "ws.unknown_event"
    # Messages come `seconds` before the answer to the order that they are about.
    EARLY = "ws.early"
    # Messages change places with the one before.
    SHUFFLE = "ws.shuffle"
    # What happens to the exits of a group is not told.
    SUPPRESS_LEG_EVENT = "ws.suppress_leg_event"
    # Connections stay open and nothing comes any more.
    MUTE = "ws.mute_updates"
    # Data streams stay open and no quote comes any more.
    MUTE_DATA = "ws.mute_data"
    # The same for one `symbol` and its options.
    MUTE_SYMBOL = "ws.mute_symbol"
    # Prints and quotes at a price of tests, of `symbol`, whether the market is open or not.
    TEST_PRINTS = "data.test_prints"
    # Options are quoted no more, and those that REST shows are `seconds` old.
    OPRA_GAP = "data.opra_gap"
    # Quotes (of `symbol`) without a bid.
    ZERO_SIDE = "data.zero_side"
    # Quotes (of `symbol`) far from the market on both sides.
    WIDE = "data.wide"
    # The broker's clock is `seconds` ahead: in the Date of answers and in every moment of trading.
    CLOCK_SKEW = "clock.skew"
    # Everything on the data streams comes `times` times over.
    BURST = "ws.burst"
    # Connections are cut without a word.
    CUT = "ws.cut_silently"


@frozen(kw_only=True)
class Armed:
    """A fault that is on. `count` and `until` None: until it is switched off. Units: seconds.

    The first `skip` times it could happen it does not.
    """

    name: FaultName
    count: int | None = None
    skip: int = 0
    until: float | None = None
    seconds: float = 0.0
    p: float = 1.0
    times: int = 1
    status: int = 503
    path: str = ""
    symbol: str = ""


@define
class Faults:
    """The armed faults. `now` is monotonic seconds, `draw` gives [0, 1)."""

    now: Callable[[], float]
    draw: Callable[[], float]
    _armed: dict[FaultName, Armed] = field(factory=dict)
    _left: dict[FaultName, int] = field(factory=dict)
    _skipped: dict[FaultName, int] = field(factory=dict)

    def arm(self, fault: Armed) -> None:
        """Switch a fault on, instead of how it was on before."""
        self._armed[fault.name] = fault
        self._left.pop(fault.name, None)
        self._skipped[fault.name] = 0
        if fault.count is not None:
            self._left[fault.name] = fault.count

    def clear(self, name: FaultName | None = None) -> None:
        """Switch one fault off, or all."""
        for one in list(self._armed) if name is None else [name]:
            self._armed.pop(one, None)
            self._left.pop(one, None)

    def armed(self) -> list[str]:
        """The names of those that are on."""
        return [name.value for name in FaultName if self.peek(name) is not None]

    def peek(self, name: FaultName, path: str = "") -> Armed | None:
        """The fault if it is on (for `path`), without making it happen."""
        fault = self._armed.get(name)
        if fault is None or (fault.path and not path.startswith(fault.path)):
            return None
        if fault.until is not None and self.now() >= fault.until:
            self.clear(name)
            return None
        return fault

    def happens(self, name: FaultName, path: str = "") -> Armed | None:
        """The fault if it happens this time. Counts, and lets chance speak."""
        fault = self.peek(name, path)
        if fault is None or (fault.p < 1 and self.draw() >= fault.p):
            return None
        if self._skipped[name] < fault.skip:
            self._skipped[name] += 1
            return None
        left = self._left.get(name)
        if left is not None:
            self._left[name] = left - 1
            if left <= 1:
                self.clear(name)
        return fault


def read_fault(body: Mapping[str, object], now: float) -> Armed:
    """The fault that `body` asks for: `name`, and what else it takes.

    `for_seconds` ends it by itself; `seconds` is how long it makes things last.

    Raises: Refusal, naming what there is.
    """
    by_name = {name.value: name for name in FaultName}
    name = body.get("name")
    if not isinstance(name, str) or name not in by_name:
        raise unprocessable(f"name must be one of {', '.join([*by_name, *ACTS])}")
    known = {
        "name",
        "count",
        "skip",
        "for_seconds",
        "seconds",
        "p",
        "times",
        "status",
        "path",
        "symbol",
    }
    unknown = sorted(set(body) - known)
    if unknown:
        raise unprocessable(f"unknown: {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    lasts = _figure(body, "for_seconds", 0.0, _MOST_SECONDS)
    count = _figure(body, "count", 1, 1_000_000)
    return Armed(
        name=by_name[name],
        count=_whole(count, "count"),
        skip=_whole(_figure(body, "skip", 0, 1_000_000), "skip") or 0,
        until=now + lasts if lasts is not None else None,
        seconds=_figure(body, "seconds", 0.0, _MOST_SECONDS) or 0.0,
        p=_figure(body, "p", 0.0, 1.0, 1.0) or 0.0,
        times=_whole(_figure(body, "times", 1, 1_000), "times") or 1,
        status=_whole(_figure(body, "status", 400, 599), "status") or 503,
        path=_text(body, "path"),
        symbol=_text(body, "symbol"),
    )


def _whole(figure: float | None, name: str) -> int | None:
    if figure is not None and not figure.is_integer():
        raise unprocessable(f"{name} must be a whole number")
    return None if figure is None else int(figure)


def _text(body: Mapping[str, object], name: str) -> str:
    text = body.get(name, "")
    if not isinstance(text, str):
        raise unprocessable(f"{name} must be a text")
    return text


def _figure(
    body: Mapping[str, object], name: str, low: float, high: float, default: float | None = None
) -> float | None:
    raw = body.get(name, default)
    if raw is None:
        return None
    try:
        value = float(str(raw))
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise unprocessable(f"{name} must be a number from {low} to {high}")
    return value
