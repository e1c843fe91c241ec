"""Has the broker said often enough, over long enough, that it does not know an order?"""

from collections.abc import Collection

from attrs import define, field


@define
class _Absence:
    """How often, and since when, the broker said that it does not know an order."""

    since: float
    probes: int = 0


@define
class Absences:
    """What has been looked for in vain. `now` is monotonic seconds, as is `seconds`."""

    probes: int
    seconds: float
    _of: dict[str, _Absence] = field(factory=dict)

    def found(self, order_id: str) -> None:
        """It is there, or its absence is settled: the next look-up begins anew."""
        self._of.pop(order_id, None)

    def only(self, order_ids: Collection[str]) -> None:
        """All others are there, or over."""
        self._of = {one: absence for one, absence in self._of.items() if one in order_ids}

    def missed(self, order_id: str, now: float) -> int:
        """Count one more look-up that found nothing; how many there were, once they are enough."""
        absence = self._of.setdefault(order_id, _Absence(since=now))
        absence.probes += 1
        long_enough = now - absence.since >= self.seconds
        return absence.probes if absence.probes >= self.probes and long_enough else 0
