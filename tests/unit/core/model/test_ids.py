"""Ids follow from causes: the same cause gives the same id, another cause another one."""

from base64 import b32encode
from hashlib import blake2b

from hypothesis import given
from hypothesis import strategies as st

from cream.core.model.ids import (
    CLIENT_ID_PREFIX,
    child_order_id,
    client_order_id,
    digest,
    entry_order_id,
    framed,
    inferred_execution_id,
    order_id,
)
from cream.core.model.plan import Environment

texts = st.text(max_size=20)


@given(st.lists(texts, max_size=4), st.lists(texts, max_size=4))
def test_only_the_same_parts_give_the_same_digest(ours: list[str], theirs: list[str]) -> None:
    assert (digest(*ours) == digest(*theirs)) == (ours == theirs)


def test_an_order_id_is_pinned() -> None:
    """A journal of last year must still name its orders the same: this value never changes."""
    first = order_id(Environment.PAPER, "PA-1", "plan", "decision", "entry", 0)

    assert first == "o" + digest("PAPER", "PA-1", "plan", "decision", "entry", "0")


def test_environment_account_and_attempt_tell_orders_apart() -> None:
    made = {
        order_id(environment, account, "p", "d", "entry", attempt)
        for environment in Environment
        for account in ("a", "b")
        for attempt in (0, 1)
    }

    assert len(made) == 8


def test_a_client_id_is_ours_and_short_enough() -> None:
    made = client_order_id(order_id(Environment.LIVE, "a", "p", "d", "entry", 0))

    assert made.startswith(CLIENT_ID_PREFIX)
    assert len(made) <= 48


def test_children_and_inferred_fills_have_ids_of_their_own() -> None:
    assert child_order_id("o1", "stop_loss") != child_order_id("o1", "take_profit")
    assert inferred_execution_id("b1", "2", "5") == inferred_execution_id("b1", "2", "5")
    assert inferred_execution_id("b1", "2", "5") != inferred_execution_id("b1", "2", "6")
    assert inferred_execution_id("b1", "2", "5") != inferred_execution_id("b1", "3", "5")


@given(st.lists(st.text(max_size=9), max_size=4))
def test_a_digest_is_base_32_in_lower_case_without_padding(parts: list[str]) -> None:
    framed = "".join(f"{len(part)}:{part}" for part in parts).encode("utf-8", "surrogatepass")
    raw = blake2b(framed, digest_size=16).digest()

    assert digest(*parts) == b32encode(raw).decode().rstrip("=").lower()


@given(texts, texts, texts)
def test_the_order_of_a_decision_has_the_id_that_its_role_and_attempt_give(
    account: str, plan: str, decision: str
) -> None:
    origin = framed(Environment.PAPER.value, account, plan)

    long = order_id(Environment.PAPER, account, plan, decision, "entry", 0)
    assert entry_order_id(origin, decision) == long
