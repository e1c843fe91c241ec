"""How does a stream that never ends by itself end when the daemon stops?"""

from collections.abc import Awaitable, Callable

import trio

from cream.core.operations import StreamEnd, Subscription


async def run_until(stop: trio.Event, work: Callable[[], Awaitable[None]]) -> bool:
    """Run `work`, but not beyond `stop`; whether it ended by itself.

    Raises: what `work` raises, in a group. Cancellation: of `work` too.
    """
    ended = False
    async with trio.open_nursery() as nursery:

        async def end_at_stop() -> None:
            await stop.wait()
            nursery.cancel_scope.cancel()

        nursery.start_soon(end_at_stop)
        await work()
        ended = True
        nursery.cancel_scope.cancel()
    return ended


async def end_of(
    subscription: Subscription, stop: trio.Event, follow: Callable[[], Awaitable[None]]
) -> StreamEnd:
    """Run `follow`, which reads `subscription` to its end, but not beyond `stop`; which it was.

    Raises: what `follow` raises, in a group. Cancellation: of `follow` too.
    """
    if not await run_until(stop, follow):
        return StreamEnd.STOPPING
    end = subscription.ended
    assert end is not None, "a subscription that has nothing more says why"
    return end
