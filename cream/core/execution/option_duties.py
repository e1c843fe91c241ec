"""What has to be done about options that are held, by what policy, and what has to be told?

Two duties. A leg whose partner is gone (assigned, liquidated, closed by somebody else) is told of,
and closed where the policy says so. On its last day a contract is closed before the cut-off, so
that nothing is exercised, assigned or liquidated for us. That something has to be closed is written
down first (`CloseOwed`) and stands until it is settled, through any crash.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum

from attrs import field, frozen

from cream.core.exchange.calendar import SessionMode, Sessions
from cream.core.execution import events as e
from cream.core.execution import option_events as o
from cream.core.execution.book import Book
from cream.core.execution.option_book import Orphan, orphans
from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.market import Quote
from cream.core.model.money import ZERO
from cream.core.model.order import Order
from cream.core.model.position import Position
from cream.core.options.occ import expires_at

QuoteOf = Callable[[str], Quote | None]


# How long somebody is told that a roll has failed.
_TOLD_FOR = timedelta(days=1)


class CloseCause(Enum):
    """Why a position has to be closed."""

    ORPHAN = "orphan_leg"
    EXPIRY = "expiry"


class AlarmKind(Enum):
    """What an operator has to know."""

    ORPHAN = "orphan_leg"
    # It is past its cut-off, and the policy leaves it alone.
    EXPIRES_HELD = "expires_held"
    # It was to be closed and has not been.
    NOT_CLOSED = "not_closed"
    # Its rule would roll it, which is told and not done.
    ROLL_DUE = "roll_due"
    # A roll of it has ended before its end: what was closed may not be open again.
    ROLL_FAILED = "roll_failed"


class ExpiryAction(Enum):
    """What becomes of a contract at the cut-off of its last day."""

    NONE = "none"
    CLOSE = "close"


@frozen(kw_only=True)
class OptionPolicy:
    """What may be done. Units: seconds; minutes before the close of the last session.

    `orphan_confirm_seconds`: positions and orders of a broker may disagree for so long.
    `leave_otm_pct`: what is at least this far out of the money (as a part of the strike) is left to
    expire; None: nothing is.
    """

    close_orphans: bool = False
    orphan_confirm_seconds: float = 15.0
    expiry: ExpiryAction = ExpiryAction.CLOSE
    cutoff_minutes: int = 90
    cutoff_by_underlying: Mapping[str, int] = field(factory=dict)
    leave_otm_pct: Decimal | None = None

    def cutoff_of(self, underlying: str) -> int:
        """Minutes before the close from which nothing of `underlying` is to be held."""
        return self.cutoff_by_underlying.get(underlying, self.cutoff_minutes)


def end_of(contract: OptionContract, sessions: Sessions) -> datetime:
    """When the contract trades for the last time: with its last session, which may end early."""
    end = expires_at(contract)
    if sessions.mode is SessionMode.ALWAYS_OPEN:
        return end
    close = sessions.close_of(contract.expiration)
    return end if close is None else min(end, close)


def cutoff_at(contract: OptionContract, sessions: Sessions, policy: OptionPolicy) -> datetime:
    """From when on the contract is not to be held."""
    minutes = policy.cutoff_of(contract.underlying)
    return end_of(contract, sessions) - timedelta(minutes=minutes)


def held_options(book: Book) -> Iterator[tuple[OptionContract, Position]]:
    """Every option that is held."""
    for position in list(book.positions.values()):
        if not position.is_flat and isinstance(position.instrument, OptionContract):
            yield position.instrument, position


def orphans_of(book: Book) -> dict[str, Orphan]:
    """Legs without their partners, by symbol; what several spreads have lost is added up."""
    found: dict[str, Orphan] = {}
    for one in orphans(book.options.spreads.values(), book.positions):
        symbol = one.contract.symbol
        if symbol in found:
            before = found[symbol]
            missing = tuple(dict.fromkeys((*before.missing, *one.missing)))
            one = Orphan(
                contract=one.contract, quantity=before.quantity + one.quantity, missing=missing
            )
        found[symbol] = one
    return found


# What follows ------------------------------------------------------------------------------------


def new_duties(
    book: Book,
    sessions: Sessions,
    quote_of: QuoteOf,
    seen: Mapping[str, datetime],
    now: datetime,
    policy: OptionPolicy,
) -> Iterator[e.Event]:
    """What has become owed, or worth an alarm, since the last look.

    `seen`: since when each orphan has been one.
    """
    lonely = orphans_of(book)
    yield from _over(book, lonely, now)
    for symbol, orphan in lonely.items():
        wait = timedelta(seconds=policy.orphan_confirm_seconds)
        if now - seen.get(symbol, now) >= wait:
            yield from _about_orphan(book, orphan, now, policy)
    for contract, position in held_options(book):
        if cutoff_at(contract, sessions, policy) <= now < end_of(contract, sessions):
            yield from _about_expiry(book, contract, position, quote_of, now, policy)


def _over(book: Book, lonely: Mapping[str, Orphan], now: datetime) -> Iterator[e.Event]:
    """Alarms about what is so no longer."""
    for (symbol, kind), alarm in list(book.options.alarms.items()):
        position = book.positions.get(symbol)
        gone = position is None or position.is_flat
        if kind == AlarmKind.ROLL_FAILED.value:
            # It is about what is not held any more.
            gone = now - alarm.at >= _TOLD_FOR
        if gone or (kind == AlarmKind.ORPHAN.value and symbol not in lonely):
            yield o.OptionAlarmed(at=now, symbol=symbol, kind=kind, message="")


def _alarm(
    book: Book, symbol: str, kind: AlarmKind, message: str, now: datetime
) -> Iterator[e.Event]:
    """Said once, until it is over."""
    if (symbol, kind.value) not in book.options.alarms:
        yield o.OptionAlarmed(at=now, symbol=symbol, kind=kind.value, message=message)


def _about_orphan(
    book: Book, orphan: Orphan, now: datetime, policy: OptionPolicy
) -> Iterator[e.Event]:
    symbol = orphan.contract.symbol
    missing = ", ".join(orphan.missing)
    words = f"{orphan.quantity:f} of {symbol} are held without {missing}"
    yield from _alarm(book, symbol, AlarmKind.ORPHAN, words, now)
    if policy.close_orphans and symbol not in book.options.owed:
        held = book.positions[symbol].quantity
        yield o.CloseOwed(
            at=now,
            contract=orphan.contract,
            held=held,
            keep=abs(held) - abs(orphan.quantity),
            cause=CloseCause.ORPHAN.value,
            reason=words,
        )


def _about_expiry(
    book: Book,
    contract: OptionContract,
    position: Position,
    quote_of: QuoteOf,
    now: datetime,
    policy: OptionPolicy,
) -> Iterator[e.Event]:
    symbol = contract.symbol
    owed = book.options.owed.get(symbol)
    if owed is not None and owed.keep == 0:
        return
    words = f"{position.quantity:f} of {symbol} expire today"
    match policy.expiry:
        case ExpiryAction.NONE:
            yield from _alarm(book, symbol, AlarmKind.EXPIRES_HELD, words, now)
        case ExpiryAction.CLOSE if not _may_expire(contract, quote_of, policy):
            yield o.CloseOwed(
                at=now,
                contract=contract,
                held=position.quantity,
                keep=ZERO,
                cause=CloseCause.EXPIRY.value,
                reason=words,
            )
        case ExpiryAction.CLOSE:
            pass


def _may_expire(contract: OptionContract, quote_of: QuoteOf, policy: OptionPolicy) -> bool:
    """Whether the contract is so far out of the money that it is left to expire worthless.

    Without a quote of its underlying nobody knows, and it is not.
    """
    quote = quote_of(contract.underlying)
    if policy.leave_otm_pct is None or quote is None or quote.is_crossed or quote.bid <= 0:
        return False
    away = contract.strike - quote.ask
    if contract.right is OptionRight.PUT:
        away = quote.bid - contract.strike
    return away > 0 and away >= policy.leave_otm_pct * contract.strike


def settlements(
    book: Book, sessions: Sessions, now: datetime, policy: OptionPolicy
) -> Iterator[e.Event]:
    """Debts that are paid, that can be paid no longer, or that nobody wants paid any more."""
    lonely = orphans_of(book)
    for symbol, owed in list(book.options.owed.items()):
        reason = _settled(book, owed, lonely, policy)
        if reason is None and now >= end_of(owed.contract, sessions):
            reason = "it has ended"
            left = abs(book.positions[symbol].quantity)
            words = f"{left:f} of {symbol} were not closed before its end: {owed.reason}"
            yield from _alarm(book, symbol, AlarmKind.NOT_CLOSED, words, now)
        if reason is not None:
            yield o.CloseSettled(at=now, symbol=symbol, cause=owed.cause, reason=reason)


def _settled(
    book: Book, owed: o.CloseOwed, lonely: Mapping[str, Orphan], policy: OptionPolicy
) -> str | None:
    held = book.position(owed.contract).quantity
    if held * owed.held <= 0 or abs(held) <= owed.keep:
        return "it is closed"
    if owed.cause == CloseCause.ORPHAN.value:
        if not policy.close_orphans:
            return "the policy closes no orphans any more"
        return "it is no orphan any more" if owed.contract.symbol not in lonely else None
    return None if policy.expiry is ExpiryAction.CLOSE else "the policy closes nothing any more"


def closable_now(book: Book) -> Iterator[o.CloseOwed]:
    """Debts to be paid now: what is owed before what is owned, so that no short is left alone."""
    debts = list(book.options.owed.values())
    owing = {one.contract.underlying for one in debts if one.held < 0}
    for one in debts:
        if one.held < 0 or one.contract.underlying not in owing:
            yield one


def openings_of(book: Book, contract: OptionContract) -> Iterator[Order]:
    """Spreads on their way that would open more of `contract`."""
    for order in book.open_on(contract.underlying):
        terms = order.terms
        opens = any(leg.contract == contract for leg in terms.opening_legs)
        if terms.purpose.opens and opens:
            yield order
