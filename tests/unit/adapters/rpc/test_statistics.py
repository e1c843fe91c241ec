"""Are statistics a picture of one moment?"""

from cream.adapters.rpc.statistics import RpcStatistics


def test_a_copy_stays_as_it_was() -> None:
    statistics = RpcStatistics()
    before = statistics.copy()

    statistics.calls_started += 1

    assert (before.calls_started, statistics.calls_started) == (0, 1)
