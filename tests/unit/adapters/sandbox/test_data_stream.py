from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import msgspec
import pytest
import trio
import trio.testing
import trio_websocket

from cream.adapters.sandbox import data_stream
from cream.adapters.sandbox.data_plans import BASIC
from cream.adapters.sandbox.data_stream import ERRORS
from cream.adapters.sandbox.faults import Armed, FaultName
from cream.adapters.sandbox.server import SandboxSettings
from tests.unit.adapters.sandbox.lab import KEYS, NEAR
from tests.unit.adapters.sandbox.sockets import Socket, ask, served, socket

LOG_IN = {"action": "auth", "key": "PK", "secret": "s"}
PACKED = {"Content-Type": "application/msgpack"}
# A connection that ended with no closing frame. Source: RFC 6455, section 7.4.1.
WITHOUT_A_WORD = 1006


async def said(one: Socket) -> Any:
    frame = await one.get_message()
    decode = msgspec.msgpack.decode if isinstance(frame, bytes) else msgspec.json.decode
    return decode(frame)


async def until_quote(one: Socket) -> Any:
    with trio.fail_after(30):
        while True:
            for message in await said(one):
                if message["T"] == "q":
                    return message


def error(code: int) -> list[dict[str, Any]]:
    return [{"T": "error", "code": code, "msg": ERRORS[code]}]


async def test_quotes_come_once_they_are_asked_for() -> None:
    async with served() as opened, socket(opened, "/v2/iex") as one:
        assert await said(one) == [{"T": "success", "msg": "connected"}]
        assert await ask(one, LOG_IN) == [{"T": "success", "msg": "authenticated"}]
        (full,) = await ask(one, {"action": "subscribe", "quotes": ["AAPL", "SPY"], "bars": ["*"]})
        assert (full["T"], full["quotes"], full["bars"]) == ("subscription", ["AAPL", "SPY"], ["*"])
        quote = await until_quote(one)
        assert quote["S"] in ("AAPL", "SPY")
        assert isinstance(quote["bp"], float)
        await one.send_message('{"action": "unsubscribe", "quotes": ["SPY"]}')
        with trio.fail_after(30):
            while True:
                messages = [m for m in await said(one) if m["T"] == "subscription"]
                if messages:
                    break
        assert messages[0]["quotes"] == ["AAPL"]


async def test_options_come_in_msgpack_with_its_timestamps() -> None:
    async with served() as opened, socket(opened, "/v1beta1/opra", **KEYS, **PACKED) as one:
        for word in ("connected", "authenticated"):
            assert (await said(one))[0]["msg"] == word
        subscribe = {"action": "subscribe", "quotes": [NEAR]}
        await one.send_message(msgspec.msgpack.encode(subscribe))
        quote = await until_quote(one)
        assert (next(iter(quote)), quote["S"]) == ("T", NEAR)
        assert quote["t"].tzinfo is not None


async def test_options_in_json_are_refused() -> None:
    async with served() as opened, socket(opened, "/v1beta1/indicative") as one:
        assert await said(one) == error(412)


async def test_an_account_has_one_connection_to_a_feed_and_may_ask_again() -> None:
    """The second is told so when it logs in, and is let in once the first is gone."""
    async with served() as opened, socket(opened, "/v2/iex", **KEYS) as first:
        for _ in range(2):
            await said(first)
        async with socket(opened, "/v2/iex") as second:
            assert await said(second) == [{"T": "success", "msg": "connected"}]
            assert await ask(second, LOG_IN) == error(406)
            await first.aclose()
            with trio.fail_after(30):
                while await ask(second, LOG_IN) != error(403):
                    continue


async def test_another_feed_has_a_connection_of_its_own() -> None:
    async with served() as opened, socket(opened, "/v2/iex", **KEYS) as first:
        for _ in range(2):
            await said(first)
        async with socket(opened, "/v2/sip") as second:
            await said(second)
            assert await ask(second, LOG_IN) == [{"T": "success", "msg": "authenticated"}]


async def test_a_connection_that_ended_can_count_for_a_while(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with served() as opened:
        ghost = Armed(name=FaultName.GHOST_SESSION, seconds=90, count=1, path="/v2/iex")
        opened.sandbox.faults.arm(ghost)
        async with socket(opened, "/v2/iex", **KEYS) as first:
            for _ in range(2):
                await said(first)
        await trio.sleep(1)
        async with socket(opened, "/v2/iex") as second:
            await said(second)
            assert await ask(second, LOG_IN) == error(406)
        await trio.sleep(90)
        async with socket(opened, "/v2/iex") as second:
            await said(second)
            assert await ask(second, LOG_IN) == [{"T": "success", "msg": "authenticated"}]


@pytest.mark.parametrize(
    ("name", "status"),
    [(FaultName.UPGRADE_429, 429), (FaultName.UNREACHABLE, 503), (FaultName.DROPPED, 503)],
)
async def test_a_stream_can_be_refused_at_the_door(name: FaultName, status: int) -> None:
    async with served() as opened:
        opened.sandbox.faults.arm(Armed(name=name))
        with pytest.raises(BaseExceptionGroup) as failed:
            async with socket(opened, "/v2/iex"):
                pass
        rejected = failed.value.exceptions[0]
        assert isinstance(rejected, trio_websocket.ConnectionRejected)
        assert rejected.status_code == status


@pytest.mark.parametrize("name", ["auth.revoke", "venue.unreachable", "ws.drop_between"])
async def test_a_stream_can_be_cut_while_it_is_open(name: str) -> None:
    """Over the control port, as whoever tries it does."""
    async with served() as opened, socket(opened, "/v2/iex", **KEYS) as one:
        for _ in range(2):
            await said(one)
        async with httpx.AsyncClient() as control:
            url = f"http://127.0.0.1:{opened.control_port}/faults"
            assert (await control.post(url, json={"name": name})).status_code == 200
        with trio.fail_after(30), pytest.raises(trio_websocket.ConnectionClosed) as closed:
            await said(one)
        assert closed.value.reason.code == WITHOUT_A_WORD


async def test_a_stream_can_be_cut_with_the_next_message() -> None:
    async with served() as opened, socket(opened, "/v2/iex", **KEYS) as one:
        opened.sandbox.faults.arm(Armed(name=FaultName.CUT, count=1, path="/v2/"))
        await one.send_message('{"action": "subscribe", "quotes": ["*"]}')
        with trio.fail_after(30), pytest.raises(trio_websocket.ConnectionClosed) as closed:
            await of_kind(one, "goodbye")
        assert closed.value.reason.code == WITHOUT_A_WORD


async def test_everything_can_come_many_times_over() -> None:
    async with served() as opened, socket(opened, "/v2/iex", **KEYS) as one:
        opened.sandbox.faults.arm(Armed(name=FaultName.BURST, times=7))
        await one.send_message('{"action": "subscribe", "quotes": ["AAPL"]}')
        quotes: list[Any] = []
        with trio.fail_after(30):
            while len(quotes) < 7:
                quotes += [message for message in await said(one) if message["T"] == "q"]
        assert all(quote == quotes[0] for quote in quotes[:7])


BASIC_PLAN = SandboxSettings(plan=BASIC)


@pytest.mark.parametrize(("feed", "headers"), [("/v2/sip", {}), ("/v1beta1/opra", PACKED)])
async def test_a_basic_plan_has_no_feed_of_the_whole_market(
    feed: str, headers: dict[str, str]
) -> None:
    async with served(BASIC_PLAN) as opened, socket(opened, feed, **KEYS, **headers) as one:
        await said(one)
        assert await said(one) == error(409)


async def test_a_basic_plan_has_thirty_shares_and_more_change_nothing() -> None:
    many = [f"S{number}" for number in range(31)]
    async with served(BASIC_PLAN) as opened, socket(opened, "/v2/iex", **KEYS) as one:
        for _ in range(2):
            await said(one)
        (full,) = await ask(one, {"action": "subscribe", "trades": many[:30], "bars": many})
        assert (len(full["trades"]), len(full["bars"])) == (30, 31)
        assert await ask(one, {"action": "subscribe", "trades": many[30:]}) == error(405)
        (full,) = await ask(one, {"action": "subscribe", "trades": many[:1]})
        assert full["trades"] == many[:30]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"action": "subscribe", "quotes": ["AAPL"]}, 401),
        ("{", 401),
        ({"action": "auth", "key": "PK"}, 402),
    ],
)
async def test_who_has_not_logged_in_is_told_so(message: Any, code: int) -> None:
    async with served() as opened, socket(opened, "/v2/iex") as one:
        await said(one)
        assert await ask(one, message) == error(code)


@pytest.mark.parametrize(("message", "code"), [(LOG_IN, 403), ({"action": "dance"}, 400)])
async def test_what_makes_no_sense_is_said_and_the_connection_goes_on(
    message: Any, code: int
) -> None:
    async with served() as opened, socket(opened, "/v2/iex", **KEYS) as one:
        for _ in range(2):
            await said(one)
        for _ in range(2):
            assert await ask(one, message) == error(code)


async def test_all_options_at_once_are_refused() -> None:
    async with served() as opened, socket(opened, "/v1beta1/opra", **KEYS, **PACKED) as one:
        for _ in range(2):
            await said(one)
        await one.send_message(msgspec.msgpack.encode({"action": "subscribe", "quotes": ["*"]}))
        assert await said(one) == error(413)


async def test_who_does_not_log_in_is_not_waited_for(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with served() as opened, socket(opened, "/v2/iex") as one:
        await said(one)
        assert await said(one) == error(404)


@pytest.mark.parametrize("path", ["/v2/weather", "/v1beta1/weather"])
async def test_another_feed_is_none(path: str) -> None:
    async with served() as opened:
        stream = await trio.open_tcp_stream("127.0.0.1", opened.port)
        async with stream:
            request = (
                f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            )
            await stream.send_all(request.encode())
            assert b" 101 " not in await stream.receive_some()


async def test_a_quote_can_lack_a_side() -> None:
    async with served() as opened, socket(opened, "/v2/iex", **KEYS) as one:
        opened.sandbox.faults.arm(Armed(name=FaultName.ZERO_SIDE))
        await one.send_message('{"action": "subscribe", "quotes": ["*"]}')
        assert (await until_quote(one))["bp"] == 0


async def test_a_stream_can_fall_silent(autojump_clock: trio.testing.MockClock) -> None:
    async with served() as opened, socket(opened, "/v2/iex", **KEYS) as one:
        opened.sandbox.faults.arm(Armed(name=FaultName.MUTE_DATA))
        for _ in range(2):
            await said(one)
        await ask(one, {"action": "subscribe", "quotes": ["*"]})
        with trio.move_on_after(60) as waiting:
            await said(one)
        assert waiting.cancelled_caught


async def test_who_reads_too_slowly_is_told_and_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_stream, "MAX_WAITING", 1)
    async with served() as opened, socket(opened, "/v2/iex", **KEYS) as one:
        await one.send_message('{"action": "subscribe", "quotes": ["*"]}')
        with trio.fail_after(30):
            while await said(one) != error(407):
                continue
            with pytest.raises(trio_websocket.ConnectionClosed):
                await one.get_message()


async def of_kinds(one: Socket, kinds: str) -> dict[str, Any]:
    """The first message of each kind, whatever else comes."""
    found: dict[str, Any] = {}
    with trio.fail_after(120):
        while not set(kinds) <= set(found):
            for message in await said(one):
                found.setdefault(message["T"], message)
    return found


async def of_kind(one: Socket, kind: str) -> Any:
    with trio.fail_after(120):
        while True:
            for message in await said(one):
                if message["T"] == kind:
                    return message


async def test_bars_come_when_their_minute_is_over(autojump_clock: trio.testing.MockClock) -> None:
    async with served() as opened, socket(opened, "/v2/iex", **KEYS) as one:
        asked = {"action": "subscribe", "bars": ["AAPL"], "dailyBars": ["*"], "updatedBars": ["*"]}
        await one.send_message(msgspec.json.encode(asked).decode())
        await of_kind(one, "subscription")
        opened.sandbox.tape.print("AAPL", Decimal(240), 5, timedelta(0))
        found = await of_kinds(one, "bd")
        bar, day = found["b"], found["d"]
        assert (bar["S"], bar["h"]) == ("AAPL", 240.0)
        assert (day["S"], day["v"]) == ("AAPL", bar["v"])
        opened.sandbox.tape.print("AAPL", Decimal(250), 5, timedelta(minutes=1))
        assert (await of_kind(one, "u"))["h"] == 250.0


async def test_corrections_come_with_the_trades() -> None:
    async with served() as opened, socket(opened, "/v2/iex", **KEYS) as one:
        await one.send_message('{"action": "subscribe", "trades": ["AAPL"], "lulds": ["AAPL"]}')
        full = await of_kind(one, "subscription")
        assert full["corrections"] == full["cancelErrors"] == ["AAPL"]
        tape = opened.sandbox.tape
        number = tape.print("AAPL", Decimal(240), 5, timedelta(0)).number
        number = tape.correct("AAPL", number, Decimal(241), 6).number
        tape.cancel("AAPL", number, "C")
        tape.limit("AAPL", Decimal(250), Decimal(230))
        found = await of_kinds(one, "tcxl")
        assert (found["t"]["p"], found["c"]["cp"], found["x"]["p"]) == (240, 241, 241)
        assert (found["l"]["u"], found["l"]["d"]) == (250, 230)


async def test_nothing_is_quoted_in_a_halt(autojump_clock: trio.testing.MockClock) -> None:
    async with served() as opened, socket(opened, "/v2/iex", **KEYS) as one:
        await one.send_message('{"action": "subscribe", "quotes": ["AAPL"], "statuses": ["AAPL"]}')
        await of_kind(one, "q")
        opened.sandbox.tape.halt("AAPL", "LUDP")
        assert (await of_kind(one, "s"))["sc"] == "H"
        with trio.move_on_after(60) as waiting:
            await of_kind(one, "q")
        assert waiting.cancelled_caught
        opened.sandbox.tape.resume("AAPL")
        await of_kind(one, "q")


@pytest.mark.parametrize("symbol", ["AAPL", ""])
async def test_exchanges_print_tests(autojump_clock: trio.testing.MockClock, symbol: str) -> None:
    async with served() as opened, socket(opened, "/v2/iex", **KEYS) as one:
        await one.send_message('{"action": "subscribe", "quotes": ["AAPL"], "trades": ["*"]}')
        await of_kind(one, "subscription")
        opened.sandbox.faults.arm(Armed(name=FaultName.TEST_PRINTS, symbol=symbol))
        with trio.fail_after(60):
            while (await of_kind(one, "q"))["bp"] != 1.09:
                continue
            while (await of_kind(one, "t"))["p"] != 1.1:
                continue


@pytest.mark.parametrize("symbols", ["AAPL", {"AAPL": 1}, 7])
async def test_symbols_come_in_a_list(symbols: Any) -> None:
    async with served() as opened, socket(opened, "/v2/iex", **KEYS) as one:
        for _ in range(2):
            await said(one)
        assert await ask(one, {"action": "subscribe", "quotes": symbols}) == error(400)


async def test_a_halt_tells_where_its_share_would_open_again() -> None:
    async with served() as opened, socket(opened, "/v2/iex", **KEYS) as one:
        await one.send_message('{"action": "subscribe", "imbalances": ["AAPL"]}')
        await of_kind(one, "subscription")
        opened.sandbox.tape.halt("AAPL", "LUDP")
        opened.sandbox.exchange.market.set_quote("AAPL", Decimal(250), Decimal(252), 1, 1)
        told = await of_kind(one, "i")
        assert (told["S"], told["p"], told["z"]) == ("AAPL", 251, "C")
