"""Which numbers can be scraped? The registry behind `/metrics`, filled from what is true now.

Gauges are read from the daemon when they are scraped, so no subsystem has to keep them up to date;
only what happens between two scrapes (events, calls) is counted as it happens.
"""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# (name, help, label names, samples of (label values, value), whether it only ever rises)
Reading = tuple[str, str, tuple[str, ...], Iterable[tuple[tuple[str, ...], float]], bool]


class _Scrape(Collector):
    """Turns readings into metric families at scrape time."""

    def __init__(self, read: Callable[[], Iterable[Reading]]) -> None:
        self._read = read

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: the readings describe themselves."""
        return ()

    def collect(self) -> Iterator[Metric]:
        for name, text, labels, samples, rises in self._read():
            family: Metric
            if rises:
                family = CounterMetricFamily(name, text, labels=labels)
            else:
                family = GaugeMetricFamily(name, text, labels=labels)
            for values, value in samples:
                family.add_metric(values, value)
            yield family


class Metrics:
    """The daemon's metrics."""

    def __init__(self, read: Callable[[], Iterable[Reading]]) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_Scrape(read))
        self._events = Counter(
            "cream_events", "Journal events recorded.", ["kind"], registry=self.registry
        )
        self._calls = Histogram(
            "cream_rpc_seconds",
            "Duration of gRPC calls.",
            ["method", "status"],
            registry=self.registry,
        )

    def event(self, kind: str) -> None:
        """An event of this kind was committed."""
        self._events.labels(kind).inc()

    def call(self, method: str, status: str, seconds: float) -> None:
        """A gRPC call ended."""
        self._calls.labels(method, status).observe(seconds)

    def render(self) -> tuple[bytes, str]:
        """The exposition text and its content type."""
        return generate_latest(self.registry), CONTENT_TYPE
