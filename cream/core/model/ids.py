"""Which id does a thing get? One that follows from its cause, so that a restart finds it again.

Nothing here counts or draws: the same plan, decision, leg and attempt give the same id on every
machine and in every life of the process: what was sent before a crash is recognised after it.
"""

from hashlib import blake2b
from struct import Struct

from cream.core.model.plan import Environment

# Orders at the broker that begin with this are ours; others are strangers (EXTERNAL).
CLIENT_ID_PREFIX = "cream-"

# 128 bits: no two causes of one account meet, and the whole id stays under the 48 characters
# that older broker documents allow.
_DIGEST_BYTES = 16
# The part that a decision's own order plays among the orders it causes, and its first attempt.
_ENTRY = "5:entry1:0"
# Base 32 as in RFC 4648, in lower case and without padding: two characters for each ten bits.
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = [high + low for high in _ALPHABET for low in _ALPHABET]
_PAIR = 1023
_halves = Struct(">QQ").unpack


def digest(*parts: str) -> str:
    """26 lower-case characters that name the sequence `parts` and nothing else."""
    return _digest_of(framed(*parts))


def framed(*parts: str) -> str:
    """Text that names the sequence `parts` and nothing else; two of them together name both."""
    return "".join([f"{len(part)}:{part}" for part in parts])


def _digest_of(text: str) -> str:
    # In two halves, and written out: no loop, and no number longer than a word.
    high, low = _halves(blake2b(text.encode(), digest_size=_DIGEST_BYTES).digest())
    return "".join(
        (
            _PAIRS[high >> 54],
            _PAIRS[high >> 44 & _PAIR],
            _PAIRS[high >> 34 & _PAIR],
            _PAIRS[high >> 24 & _PAIR],
            _PAIRS[high >> 14 & _PAIR],
            _PAIRS[high >> 4 & _PAIR],
            _PAIRS[(high & 15) << 6 | low >> 58],
            _PAIRS[low >> 48 & _PAIR],
            _PAIRS[low >> 38 & _PAIR],
            _PAIRS[low >> 28 & _PAIR],
            _PAIRS[low >> 18 & _PAIR],
            _PAIRS[low >> 8 & _PAIR],
            _PAIRS[(low & 255) << 2],
        )
    )


def order_id(
    environment: Environment, account: str, plan_id: str, decision_id: str, role: str, attempt: int
) -> str:
    """Our name for the order that (plan, decision, role, attempt) causes in this account.

    `role` says what the order is for: "entry", "slice-3", "exit", "protect".
    """
    return "o" + digest(environment.value, account, plan_id, decision_id, role, str(attempt))


def entry_order_id(origin: str, decision_id: str) -> str:
    """As `order_id` of a decision's own order; `origin` is (environment, account, plan), framed."""
    return "o" + _digest_of(f"{origin}{len(decision_id)}:{decision_id}{_ENTRY}")


def client_order_id(order: str) -> str:
    """The id under which the broker knows our order `order`."""
    return CLIENT_ID_PREFIX + order


def child_order_id(parent: str, role: str) -> str:
    """Our name for a leg that the broker creates with `parent`: "take_profit", "stop_loss"."""
    return "o" + digest(parent, role)


def inferred_execution_id(broker_order_id: str, booked: str, shown: str) -> str:
    """The id of a fill seen only as a higher filled quantity: a hash of the fact itself."""
    return "inferred-" + digest(broker_order_id, booked, shown)
