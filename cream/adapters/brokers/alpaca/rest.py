"""How does one request reach Alpaca, and what came back? Once, with a deadline, and logged.

Nothing is ever sent a second time here: whoever asked decides, knowing what may have happened.
Every call is logged with Alpaca's request id, which cannot be found out afterwards.

Source: docs.alpaca.markets: X-Request-ID, X-RateLimit-Limit, -Remaining and -Reset on every answer.
"""

from collections.abc import Mapping

import httpx
import structlog
import trio
from attrs import field, frozen

from cream.adapters.brokers.alpaca.answers import BoundedTransport
from cream.adapters.brokers.alpaca.breakers import Breakers, endpoint_of
from cream.adapters.brokers.alpaca.document import decode_json
from cream.adapters.brokers.alpaca.settings import AlpacaSettings
from cream.adapters.brokers.alpaca.turnstile import MAX_CONNECTIONS, Turnstile
from cream.core.ports import Clock, StillWanted, always_wanted
from cream.core.resilience.breaker import Ticket
from cream.core.resilience.budget import Priority

log = structlog.get_logger(__name__)

# Alpaca closes idle connections after a minute; closing first avoids the race with it.
KEEP_ALIVE_SECONDS = 30.0
# Where a 429 says nothing about when to come back: a request more takes Alpaca a third of a second.
# (If the count has run out, the headers say for how long; the budget sees to that.)
THROTTLED_SECONDS = 1.0
# Of a number in a header: a moment in nanoseconds has as many. Python reads none of thousands.
_MOST_DIGITS = 20
OPEN = "Circuit breaker is open for Alpaca"

Params = Mapping[str, str]


class NotSent(Exception):
    """The request did not leave: nothing happened."""


class HeldBack(NotSent):
    """Our own budget let nothing out: it says nothing about Alpaca."""


class NoAnswer(Exception):
    """The request left, and no answer came: it may have happened."""


@frozen(kw_only=True)
class Reply:
    """What came back, whatever its status."""

    status: int
    body: bytes
    request_id: str

    @property
    def succeeded(self) -> bool:
        """Whether Alpaca did what was asked."""
        return 200 <= self.status < 300

    def document(self) -> object:
        """The body.   Raises: SchemaMismatch where it is no JSON."""
        return decode_json(self.body)


def http_client(settings: AlpacaSettings, base_url: str) -> httpx.AsyncClient:
    """A client with the account's keys, and a limit on every wait and answer.

    Neither proxies nor keys are taken from the environment: nothing may come between.

    Owns: the caller closes it.
    """
    return httpx.AsyncClient(
        base_url=base_url,
        headers={
            "APCA-API-KEY-ID": settings.api_key.reveal(),
            "APCA-API-SECRET-KEY": settings.api_secret.reveal(),
            "User-Agent": "cream",
            "Accept-Encoding": "gzip",
        },
        timeout=httpx.Timeout(
            settings.answer_timeout_seconds,
            connect=settings.connect_timeout_seconds,
            pool=settings.queue_timeout_seconds,
        ),
        transport=BoundedTransport(
            httpx.AsyncHTTPTransport(
                limits=httpx.Limits(
                    max_connections=MAX_CONNECTIONS,
                    max_keepalive_connections=MAX_CONNECTIONS,
                    keepalive_expiry=KEEP_ALIVE_SECONDS,
                ),
                trust_env=False,
            )
        ),
        follow_redirects=False,
        trust_env=False,
    )


@frozen
class AlpacaRest:
    """Requests of one account, through one turnstile.   `client` is closed by its owner."""

    client: httpx.AsyncClient
    turnstile: Turnstile
    clock: Clock
    settings: AlpacaSettings
    breakers: Breakers = field(factory=Breakers)

    async def call(
        self,
        method: str,
        path: str,
        priority: Priority,
        *,
        params: Params | None = None,
        body: Mapping[str, object] | None = None,
        still_wanted: StillWanted = always_wanted,
    ) -> Reply:
        """Send one request, once. `still_wanted` is asked when its turn has come.

        Raises: NotSent (HeldBack where it was not for Alpaca to say), NoAnswer.
        Cancellation: the request may have arrived.
        """
        ticket = self.breakers.take(path, trio.current_time())
        if ticket is None:
            log.warning(OPEN, method=method, path=path, endpoint=endpoint_of(path).value)
            raise NotSent(OPEN)
        answered, status = False, None
        try:
            await self._let_through(method, path, priority, still_wanted)
            reply = await self._passed(method, path, params, body)
            answered, status = True, reply.status
        except (NotSent, NoAnswer) as error:
            answered = not isinstance(error, HeldBack)
            raise
        finally:
            self._learn(path, ticket, answered, status)
        return reply

    async def _let_through(
        self, method: str, path: str, priority: Priority, still_wanted: StillWanted
    ) -> None:
        """Raises: HeldBack."""
        patience = self.settings.queue_timeout_seconds
        if not await self.turnstile.enter(priority, patience, still_wanted):
            if not still_wanted():
                raise HeldBack("it was not wanted any more when its turn had come")
            log.warning("alpaca.call_held_back", method=method, path=path, priority=priority.name)
            raise HeldBack("the request budget let nothing out in time")

    async def _passed(
        self, method: str, path: str, params: Params | None, body: Mapping[str, object] | None
    ) -> Reply:
        """Nothing may wait between being let through and this: it says when the line is free."""
        began = trio.current_time()
        response = None
        try:
            response = await self._send(method, path, params, body)
        finally:
            self._account_for(response)
        reply = Reply(
            status=response.status_code,
            body=response.content,
            request_id=response.headers.get("X-Request-ID", ""),
        )
        log.info(
            "alpaca.call_answered",
            method=method,
            path=path,
            status=reply.status,
            request_id=reply.request_id,
            seconds=round(trio.current_time() - began, 4),
        )
        return reply

    def _learn(self, path: str, ticket: Ticket, answered: bool, status: int | None) -> None:
        """Tell the breaker how the request ended. One that was given up tells nothing."""
        now = trio.current_time()
        if not answered:
            self.breakers.give_up(path, ticket, now)
        elif self.breakers.give_back(path, ticket, status, now):
            log.error(OPEN, endpoint=endpoint_of(path).value)

    async def _send(
        self,
        method: str,
        path: str,
        params: Params | None,
        body: Mapping[str, object] | None,
    ) -> httpx.Response:
        settings = self.settings
        # The timeouts of the client are per step; this is for an answer that trickles.
        whole = settings.connect_timeout_seconds + 2 * settings.answer_timeout_seconds
        try:
            with trio.fail_after(whole):
                return await self.client.request(method, path, params=params, json=body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            log.warning("alpaca.call_not_sent", method=method, path=path, error=_words(error))
            raise NotSent(f"Alpaca cannot be reached: {_words(error)}") from error
        except (httpx.TransportError, httpx.DecodingError, trio.TooSlowError) as error:
            log.warning("alpaca.call_unanswered", method=method, path=path, error=_words(error))
            raise NoAnswer(f"no answer from Alpaca: {_words(error)}") from error

    def _account_for(self, response: httpx.Response | None) -> None:
        """Tell the budget how the request ended, and what Alpaca counts."""
        if response is None:
            self.turnstile.answered()
            return
        headers = response.headers
        remaining = _whole(headers.get("X-RateLimit-Remaining"))
        self.turnstile.answered(remaining, self._reset_in(headers))
        if response.status_code == 429:
            after = _whole(headers.get("Retry-After"))
            self.turnstile.throttled(THROTTLED_SECONDS if after is None else after)

    def _reset_in(self, headers: httpx.Headers) -> float | None:
        at = _whole(headers.get("X-RateLimit-Reset"))
        return None if at is None else max(0.0, at - self.clock.now().timestamp())


def _whole(text: str | None) -> int | None:
    """A header that should be a number; None where it is something else."""
    readable = text is not None and text.isdecimal() and len(text) <= _MOST_DIGITS
    return int(text) if text is not None and readable else None


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
