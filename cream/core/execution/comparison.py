"""Is a state that was lived through the one that the journal adds up to? And if not, where?

A state of a running daemon lacks what had left its memory, so a fold is first cut down to what the
state holds; then the two have to be the same in every field.
"""

from collections.abc import Iterator, Sequence

import attrs
from attrs import evolve

from cream.core.execution.memory import BookState


def cut_down(folded: BookState, lived: BookState) -> BookState:
    """`folded` without the orders, plans and executions that `lived` does not hold."""
    orders = {one.order_id for one in lived.orders}
    plans = {one.plan_id for one in lived.plans}
    executions = {one.execution_id for one in lived.executions}
    kept = tuple(one for one in folded.executions if one.execution_id in executions)
    return evolve(
        folded,
        orders=tuple(one for one in folded.orders if one.order_id in orders),
        plans=tuple(one for one in folded.plans if one.plan_id in plans),
        executions=kept,
        client_ids=tuple(one for one in folded.client_ids if one[1] in orders),
        broker_ids=tuple(one for one in folded.broker_ids if one[1] in orders),
        fills_forgotten=folded.fills_forgotten + len(folded.executions) - len(kept),
    )


def in_order(state: BookState) -> BookState:
    """`state` with its parts in an order that does not depend on what came back into memory."""
    return evolve(
        state,
        plans=tuple(sorted(state.plans, key=lambda one: one.plan_id)),
        positions=tuple(sorted(state.positions, key=lambda one: one.instrument.symbol)),
        protections=tuple(sorted(state.protections, key=lambda one: one.instrument.symbol)),
        restrictions=tuple(sorted(state.restrictions, key=lambda one: one.cause.value)),
        orders=tuple(sorted(state.orders, key=lambda one: one.order_id)),
        open_orders=tuple(sorted(state.open_orders)),
        client_ids=tuple(sorted(state.client_ids)),
        broker_ids=tuple(sorted(state.broker_ids)),
        executions=tuple(sorted(state.executions, key=lambda one: one.execution_id)),
    )


def differences(folded: BookState, lived: BookState) -> Iterator[str]:
    """Every place where the two differ, each in a line. Both in order."""
    for field in attrs.fields(BookState):
        ours, theirs = getattr(folded, field.name), getattr(lived, field.name)
        if ours == theirs:
            continue
        if isinstance(ours, tuple):
            yield from _parts(field.name, ours, theirs)
        else:
            yield f"{field.name}: folded {ours}, lived {theirs}"


def _parts(name: str, ours: Sequence[object], theirs: Sequence[object]) -> Iterator[str]:
    for one in ours:
        if one not in theirs:
            yield f"{name}: only folded: {one}"
    for one in theirs:
        if one not in ours:
            yield f"{name}: only lived: {one}"
