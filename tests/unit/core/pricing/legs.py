"""Contracts on XYZ for tests of strategies."""

from datetime import date
from decimal import Decimal

from cream.core.model.instrument import OptionContract, OptionRight

NEAR, FAR = date(2026, 12, 18), date(2027, 1, 15)


def call(strike: int | str, expiration: date = NEAR) -> OptionContract:
    return OptionContract("XYZ", expiration, OptionRight.CALL, Decimal(strike))


def put(strike: int | str, expiration: date = NEAR) -> OptionContract:
    return OptionContract("XYZ", expiration, OptionRight.PUT, Decimal(strike))
