"""Work is done in threads, and never more of it waits than there is room for."""

import asyncio
import threading

import pytest

from rekolocal.errors import ThrottlingException
from rekolocal.workers import Workers


def test_past_the_queue_callers_are_throttled_at_once_and_room_comes_back() -> None:
    async def story() -> None:
        workers, gate = Workers("test", threads=1, queue=1), threading.Event()
        running = [asyncio.create_task(workers.run(gate.wait)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(ThrottlingException):
            await workers.run(gate.wait)
        gate.set()
        assert await asyncio.gather(*running) == [True, True]
        assert await workers.run(lambda: "room again") == "room again"
        workers.close()

    asyncio.run(story())


def test_work_whose_caller_left_keeps_its_place_until_it_is_done() -> None:
    async def story() -> None:
        workers, gate = Workers("test", threads=1, queue=0), threading.Event()
        caller = asyncio.create_task(workers.run(gate.wait))
        await asyncio.sleep(0.01)
        caller.cancel()
        await asyncio.sleep(0)
        with pytest.raises(ThrottlingException):
            await workers.run(gate.wait)
        gate.set()
        for _ in range(100):
            await asyncio.sleep(0.01)
            try:
                assert await workers.run(lambda: 1) == 1
                break
            except ThrottlingException:
                continue
        else:
            pytest.fail("the place never came back")
        workers.close()

    asyncio.run(story())


def test_what_the_work_raises_reaches_the_caller() -> None:
    async def story() -> None:
        workers = Workers("test", threads=1, queue=0)
        with pytest.raises(ZeroDivisionError):
            await workers.run(lambda: 1 / 0)
        workers.close()

    asyncio.run(story())
