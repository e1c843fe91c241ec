"""What has happened to the account besides fills, as far as it has to be remembered?

A row is known by its id for as long as the broker may list it again, so that each counts once,
across restarts too. What a row says may change (pending, executed, corrected, canceled): then what
it counts for changes, and is not counted twice.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, assert_never

from attrs import define, field, frozen

from cream.core.execution.activity_events import ActivityEvent, ActivityNoted, CashUnexplained
from cream.core.model.activity import Activity, ActivityKind
from cream.core.model.fill import Fill
from cream.core.model.money import ZERO
from cream.core.options.occ import NEW_YORK, parse_instrument

# Longest look back that can be configured, and for how long rows are remembered after they were
# noted: a row that is still listed was noted within the look back, so it is still known.
MAX_LOOKBACK_DAYS: Final = 30
KEPT: Final = timedelta(days=MAX_LOOKBACK_DAYS + 2)


@frozen(kw_only=True)
class Noted:
    """A row, and when it was last noted."""

    activity: Activity
    at: datetime


@frozen(kw_only=True)
class ActivityState:
    """The memory as a value. `splits` are symbols with the day of their latest split.

    `estimated` are the fees of each day and kind, as its fills were booked.
    """

    rows: tuple[Noted, ...] = ()
    moved: Decimal = ZERO
    unexplained: Decimal = ZERO
    splits: tuple[tuple[str, date], ...] = ()
    estimated: tuple[tuple[date, str, Decimal], ...] = ()


@define
class ActivityBook:
    """The activities of one account. Units: dollars.

    `moved` is what all of them have moved in cash, forgotten ones too; `unexplained` what of the
    cash at the broker nothing explains.
    """

    moved: Decimal = ZERO
    unexplained: Decimal = ZERO
    _rows: dict[str, Noted] = field(factory=dict)
    _splits: dict[str, date] = field(factory=dict)
    _estimated: dict[tuple[date, str], Decimal] = field(factory=dict)

    @classmethod
    def of(cls, state: ActivityState) -> "ActivityBook":
        """As it was."""
        rows = {one.activity.activity_id: one for one in state.rows}
        estimated = {(day, kind): amount for day, kind, amount in state.estimated}
        return cls(state.moved, state.unexplained, rows, dict(state.splits), estimated)

    def state(self) -> ActivityState:
        """All that is remembered."""
        return ActivityState(
            rows=tuple(self._rows.values()),
            moved=self.moved,
            unexplained=self.unexplained,
            splits=tuple(self._splits.items()),
            estimated=tuple((day, kind, fee) for (day, kind), fee in self._estimated.items()),
        )

    def fold(self, event: ActivityEvent) -> None:
        """Take in what has happened."""
        match event:
            case ActivityNoted():
                self._note(event.activity, event.at)
            case CashUnexplained():
                self.unexplained = event.amount
            case _:
                assert_never(event)

    def _note(self, activity: Activity, at: datetime) -> None:
        before = self._rows.pop(activity.activity_id, None)
        if before is not None:
            self.moved -= before.activity.moved
        self.moved += activity.moved
        self._rows[activity.activity_id] = Noted(activity=activity, at=at)
        if activity.kind is ActivityKind.SPLIT and activity.counts:
            self._splits[activity.symbol] = activity.day
        self._forget(at)

    def _forget(self, now: datetime) -> None:
        """Rows are in the order in which they were noted."""
        while self._rows:
            oldest = next(iter(self._rows.values()))
            if now - oldest.at <= KEPT:
                break
            del self._rows[oldest.activity.activity_id]
        first = (now - KEPT).astimezone(NEW_YORK).date()
        self._splits = {name: day for name, day in self._splits.items() if day >= first}

    def traded(self, fill: Fill) -> None:
        """A fill was booked: its fees will be charged with those of its day."""
        self._estimate(fill, 1)

    def undone(self, fill: Fill) -> None:
        """It was taken back, and its fees with it."""
        self._estimate(fill, -1)

    def _estimate(self, fill: Fill, sign: int) -> None:
        if not fill.fees:
            return
        day = fill.executed_at.astimezone(NEW_YORK).date()
        for fee in fill.fees:
            before = self._estimated.get((day, fee.kind), ZERO)
            self._estimated[day, fee.kind] = before + sign * fee.amount
        first = max(one for one, _ in self._estimated) - KEPT
        self._estimated = {key: fee for key, fee in self._estimated.items() if key[0] >= first}

    def estimated_fees(self) -> Mapping[tuple[date, str], Decimal]:
        """What each kind was estimated to charge for the trades of each day, unrounded."""
        return self._estimated

    def fresh(self, rows: Iterable[Activity]) -> tuple[Activity, ...]:
        """Those of the rows that are not known as they are, each once."""
        found: dict[str, Activity] = {}
        for row in rows:
            known = self._rows.get(row.activity_id)
            if known is None or known.activity != row:
                found[row.activity_id] = row
        return tuple(found.values())

    def latest(self) -> tuple[Noted, ...]:
        """Every row that is remembered, the one that was noted last first."""
        return tuple(reversed(self._rows.values()))

    def split_of(self, symbol: str) -> date | None:
        """The day of the latest split of a share, as far as one is remembered."""
        return self._splits.get(symbol)


def touched_symbols(activity: Activity) -> Iterator[str]:
    """What it is about: the instrument, and the share below an option."""
    if activity.symbol:
        yield activity.symbol
        try:
            instrument = parse_instrument(activity.symbol)
        except ValueError:
            return
        yield instrument.symbol
        yield instrument.underlying
