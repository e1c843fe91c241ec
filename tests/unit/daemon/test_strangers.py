import pytest
from attrs import evolve

from cream.core.execution.book import Book
from cream.daemon import strangers as module
from cream.daemon.strangers import Strangers
from tests.fakes.builders import order_terms, shown


def test_each_is_taken_once() -> None:
    strangers, theirs = Strangers(), shown(order_terms())
    assert not strangers
    strangers.note([theirs, theirs])
    assert strangers
    assert strangers.take(Book()) == [theirs.broker_order_id]
    assert strangers.take(Book()) == []


def test_no_more_are_kept_than_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST", 1)
    strangers = Strangers()
    theirs = shown(order_terms())
    strangers.note([theirs, evolve(theirs, broker_order_id="b-other")])
    assert len(strangers.take(Book())) == 1
