from decimal import Decimal

import pytest
from attrs import evolve

from cream.core.options.deliverables import Deliverable, Listing, Refused, Standard, judge
from cream.core.options.occ import parse_occ

PLAIN = Listing(
    symbol="AAPL261218C00240000",
    underlying="AAPL",
    root="AAPL",
    style="american",
    multiplier=Decimal(100),
    size=Decimal(100),
    deliverables=(Deliverable("AAPL", Decimal(100)),),
)


def test_a_standard_contract_is_one() -> None:
    assert judge(PLAIN) == Standard(parse_occ("AAPL261218C00240000"))


def test_what_a_broker_does_not_say_is_not_held_against_it() -> None:
    assert isinstance(judge(Listing(symbol=PLAIN.symbol, underlying="AAPL")), Standard)


def test_a_class_of_shares_has_no_dot_in_its_root() -> None:
    assert isinstance(judge(Listing(symbol="BRKB261218C00500000", underlying="BRK.B")), Standard)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"symbol": "AAPL1261218C00240000", "root": "AAPL1"}, "adjusted"),
        ({"symbol": "nonsense"}, "not an option symbol"),
        ({"style": "European"}, "European"),
        ({"underlying": "MSFT", "deliverables": None}, "MSFT"),
        ({"root": "AAPL1"}, "AAPL1"),
        ({"multiplier": Decimal(10)}, "multiplier is 10"),
        ({"size": Decimal(150)}, "size is 150"),
        ({"deliverables": (Deliverable("AAPL", Decimal(150)),)}, "150 AAPL"),
        (
            {
                "deliverables": (
                    Deliverable("AAPL", Decimal(100)),
                    Deliverable(None, Decimal("4.5")),
                )
            },
            "4.5 dollars",
        ),
        ({"deliverables": ()}, "nothing"),
    ],
)
def test_everything_else_is_refused_with_its_reason(changed: dict[str, object], says: str) -> None:
    found = judge(evolve(PLAIN, **changed))

    assert isinstance(found, Refused)
    assert says in " ".join(found.reasons)


def test_every_reason_is_given() -> None:
    found = judge(evolve(PLAIN, multiplier=Decimal(10), size=Decimal(10), style="european"))

    assert isinstance(found, Refused)
    assert len(found.reasons) == 3
