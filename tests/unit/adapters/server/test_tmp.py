import trio, time
from tests.unit.adapters.server.raw_http import *
from tests.unit.adapters.server.site import *
async def test_x(operations, logs):
    stop=trio.Event()
    async with served(operations, shutdown=stop) as port:
        async with await connect(port) as stream:
            await stream.send_all(HEALTH)
            print(await heard(stream))
            t=time.time()
            stop.set()
            print(await stream.receive_some(), time.time()-t)
    print(time.time()-t, logs)
