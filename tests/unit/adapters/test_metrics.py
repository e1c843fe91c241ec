"""What /metrics says can be read by Prometheus and is true at the moment of the scrape."""

from collections import Counter
from collections.abc import Iterable

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from cream.adapters.metrics import CONTENT_TYPE, Metrics, Reading

READINGS: list[Reading] = [
    ("cream_fills", "Executions booked.", (), [((), 7.0)], True),
    ("cream_late_fills_total", "A name that says it already.", (), [((), 1.0)], True),
    ("cream_ready", "1 if ready.", (), [((), 1.0)], False),
    (
        "cream_orders_open",
        "Orders that can still trade.",
        ("status",),
        [(("ACCEPTED",), 2.0), (('odd "one"\n\\',), 3.0)],
        False,
    ),
    ("cream_nothing", "A family without samples.", ("status",), [], False),
]


def families(metrics: Metrics) -> dict[str, Metric]:
    """What Prometheus understands, by family name. Each name stands once."""
    text, _ = metrics.render()
    found = list(text_string_to_metric_families(text.decode()))
    assert all(times == 1 for times in Counter(one.name for one in found).values())
    return {one.name: one for one in found}


def value(metrics: Metrics, name: str, **labels: str) -> float:
    """The one sample of `name` with `labels`."""
    [found] = [
        sample.value
        for family in families(metrics).values()
        for sample in family.samples
        if (sample.name, sample.labels) == (name, labels)
    ]
    return found


def test_readings_are_parsed_back_with_their_types_texts_and_labels() -> None:
    metrics = Metrics(lambda: READINGS)
    found = families(metrics)

    kinds = {name: (one.type, one.documentation) for name, one in found.items()}
    assert kinds["cream_fills"] == ("counter", "Executions booked.")
    assert kinds["cream_ready"] == ("gauge", "1 if ready.")
    assert value(metrics, "cream_orders_open", status="ACCEPTED") == 2.0
    assert value(metrics, "cream_orders_open", status='odd "one"\n\\') == 3.0
    assert found["cream_nothing"].samples == []


def test_the_name_of_a_counter_ends_in_total_once_and_that_of_a_gauge_never() -> None:
    metrics = Metrics(lambda: READINGS)
    metrics.event("OrderFilled")
    for family in families(metrics).values():
        for sample in family.samples:
            ends = sample.name.endswith("_total")
            assert ends == (family.type == "counter")
            assert "_total_total" not in sample.name


def test_no_sample_stands_twice() -> None:
    metrics = Metrics(lambda: READINGS)
    metrics.event("OrderFilled")
    metrics.event("OrderFilled")
    metrics.call("/cream.v1.X/Y", "OK", 0.02)
    samples = [
        (sample.name, tuple(sorted(sample.labels.items())))
        for family in families(metrics).values()
        for sample in family.samples
    ]

    assert len(samples) == len(set(samples))


def test_readings_are_taken_when_they_are_scraped() -> None:
    now = 1.0

    def read() -> Iterable[Reading]:
        yield "cream_depth", "Messages that wait.", (), [((), now)], False

    metrics = Metrics(read)
    assert value(metrics, "cream_depth") == 1.0
    now = 2.0
    assert value(metrics, "cream_depth") == 2.0


def test_events_and_calls_are_counted_as_they_happen() -> None:
    metrics = Metrics(list)
    for kind in ("OrderFilled", "OrderFilled", "OrderRefused"):
        metrics.event(kind)
    metrics.call("/cream.v1.X/Y", "OK", 0.2)
    metrics.call("/cream.v1.X/Y", "OK", 0.3)
    metrics.call("/cream.v1.X/Y", "NOT_FOUND", 0.1)

    assert value(metrics, "cream_events_total", kind="OrderFilled") == 2.0
    assert value(metrics, "cream_events_total", kind="OrderRefused") == 1.0
    of = {"method": "/cream.v1.X/Y", "status": "OK"}
    assert value(metrics, "cream_rpc_seconds_count", **of) == 2.0
    assert value(metrics, "cream_rpc_seconds_sum", **of) == 0.5
    assert value(metrics, "cream_rpc_seconds_bucket", le="0.25", **of) == 1.0


def test_two_daemons_in_one_process_count_for_themselves() -> None:
    one, other = Metrics(list), Metrics(list)
    one.event("OrderFilled")

    assert "cream_events_total" in one.render()[0].decode()
    assert 'kind="OrderFilled"' not in other.render()[0].decode()


def test_the_content_type_is_the_text_format_s() -> None:
    assert Metrics(list).render()[1] == CONTENT_TYPE
    assert CONTENT_TYPE.startswith("text/plain; version=0.0.4")
