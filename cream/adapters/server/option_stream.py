"""Which options are streamed along with their underlyings, and how does each quote of one look?

Those of the chain that expire first, of these the nearest to the money, as many as one subscription
may have. They are chosen when it begins: whoever wants others names them, or subscribes anew.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from cream.adapters.server.chain_views import option_quote_message
from cream.core.model.errors import CreamError, FieldProblem
from cream.core.model.instrument import Equity
from cream.core.model.market import Quote
from cream.core.operations import Operations
from cream.core.options.chain import ChainFilter, OptionRow, age_of, flags_of
from cream.core.options.occ import parse_instrument
from cream.wire import market_snapshot_pb2

# Alpaca quotes so many options to an account without a paid plan, holdings included.
MOST_OPTIONS = 200
# Each chain is some requests to a feed that answers a hundred or two in a minute.
MOST_UNDERLYINGS = 20
# What a stream tells is new; its age is told beside it.
_NEVER_STALE = float("inf")


async def options_of(operations: Operations, symbols: Sequence[str]) -> Mapping[str, OptionRow]:
    """The options that are streamed with these shares, by symbol; those named already are not.

    Raises: CreamError INVALID_REQUEST for more shares than chains are read for, and what
    `option_chain` raises, but for shares without options.
    """
    shares = [one for one in symbols if isinstance(parse_instrument(one), Equity)]
    if len(shares) > MOST_UNDERLYINGS:
        text = f"is for at most {MOST_UNDERLYINGS} shares, here are {len(shares)}"
        raise CreamError("INVALID_REQUEST", text, FieldProblem("include_options", text))
    found: dict[str, OptionRow] = {}
    for share in shares:
        wanted = ChainFilter(underlying=share, limit=MOST_OPTIONS // len(shares))
        try:
            chain = await operations.option_chain(wanted)
        except CreamError as error:
            if error.kind.code != "NOT_FOUND":
                raise
            continue
        found |= {row.listed.contract.symbol: row for row in chain.rows}
    return {symbol: row for symbol, row in found.items() if symbol not in symbols}


def streamed(row: OptionRow, quote: Quote, now: datetime) -> market_snapshot_pb2.OptionQuote:
    """A newer quote of the option. Volatility and Greeks belong to the quote of the chain."""
    flags = flags_of(quote, now, _NEVER_STALE)
    return option_quote_message(row.listed, quote, age_of(quote, now), flags)
