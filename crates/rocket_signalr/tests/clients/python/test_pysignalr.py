"""pysignalr: WebSockets, in JSON and MessagePack."""

import asyncio
import unittest
from contextlib import asynccontextmanager

from lab import Lab, Proxy
from pysignalr.client import SignalRClient
from pysignalr.exceptions import AuthorizationError
from pysignalr.protocol.json import JSONProtocol
from pysignalr.protocol.messagepack import MessagepackProtocol

LIMIT = 15


@asynccontextmanager
async def running(url, protocol, **options):
    """A connected client, and a queue that tells each time it is connected."""
    client = SignalRClient(url, protocol=protocol(), **options)
    opened = asyncio.Queue()

    async def on_open():
        await opened.put(True)

    client.on_open(on_open)
    task = asyncio.create_task(client.run())
    try:
        waiting = asyncio.create_task(opened.get())
        done, _ = await asyncio.wait({task, waiting}, timeout=LIMIT, return_when=asyncio.FIRST_COMPLETED)
        if task in done:
            waiting.cancel()
            await task
        assert waiting in done, "the client did not connect"
        yield client, opened
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def call(client, method, *arguments):
    """The completion of a call: it brings results to one handler and errors to another."""
    answer = asyncio.get_running_loop().create_future()

    async def done(message):
        if not answer.done():
            answer.set_result(message)

    client.on_error(done)
    await client.send(method, list(arguments), done)
    return await asyncio.wait_for(answer, LIMIT)


async def result(client, method, *arguments):
    message = await call(client, method, *arguments)
    assert message.error is None, message.error
    return message.result


class Pysignalr:
    """What both encodings are to do."""

    protocol = None

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab(parallel=4, keep_alive=1)
        cls.addClassCleanup(cls.lab.stop)

    def run_on(self, work, path="/lab", **options):
        async def main():
            async with running(self.lab.url + path, self.protocol, **options) as (client, opened):
                await work(client, opened)

        asyncio.run(asyncio.wait_for(main(), 4 * LIMIT))

    def test_invokes(self):
        async def work(client, _):
            self.assertEqual(await result(client, "Add", 2, 3), 5)
            self.assertEqual(await result(client, "EchoString", "é你好😀"), "é你好😀")
            self.assertEqual(await result(client, "EchoInts", [1, -2, 300000]), [1, -2, 300000])
            self.assertIsNone(await result(client, "Nothing"))
            failed = await call(client, "ThrowHub", "told")
            self.assertEqual(
                failed.error, "An unexpected error occurred invoking 'ThrowHub' on the server. HubException: told"
            )
            self.assertEqual(await result(client, "EchoInt", 1), 1)

        self.run_on(work)

    def test_sends_and_receives(self):
        async def work(client, _):
            heard = asyncio.Queue()

            async def received(arguments):
                await heard.put(arguments)

            client.on("Received", received)
            await client.send("SendCaller", ["one"])
            self.assertEqual(await asyncio.wait_for(heard.get(), LIMIT), ["one"])
            connection = await result(client, "ConnectionId")
            await asyncio.to_thread(self.lab.post, f"/lab/client/{connection}", text="two é")
            self.assertEqual(await asyncio.wait_for(heard.get(), LIMIT), ["two é"])
            await client.send("SendMany", [50])
            many = [await asyncio.wait_for(heard.get(), LIMIT) for _ in range(50)]
            self.assertEqual(many, [[str(n)] for n in range(50)])

        self.run_on(work)

    def test_streams(self):
        async def work(client, _):
            items, ended = [], asyncio.get_running_loop().create_future()

            async def on_next(item):
                items.append(item)

            async def on_complete(message):
                if not ended.done():
                    ended.set_result(message)

            await client.stream("Counter", [5, 1], on_next, on_complete)
            await asyncio.wait_for(ended, LIMIT)
            self.assertEqual([item for item in items], [0, 1, 2, 3, 4])

            failed = asyncio.get_running_loop().create_future()

            async def on_error(message):
                failed.set_result(message.error)

            await client.stream("CounterThrows", [1, "half way"], on_next, None, on_error)
            error = await asyncio.wait_for(failed, LIMIT)
            self.assertEqual(error, "An error occurred on the server while streaming results. HubException: half way")

        self.run_on(work)

    def test_answers_questions(self):
        async def work(client, _):
            async def ask(arguments):
                return f"{arguments[0]}!"

            client.on("Ask", ask)
            self.assertEqual(await result(client, "Ask", "who"), "who!")

        self.run_on(work)

    def test_comes_back_after_a_cut(self):
        proxy = Proxy(self.lab.url)
        self.addCleanup(proxy.close)

        async def main():
            async with running(proxy.url + "/lab", self.protocol, retry_sleep=0.05) as (client, opened):
                first = await result(client, "ConnectionId")
                # It asks for its old id first, learns that there is no such connection, and negotiates.
                proxy.cut()
                await asyncio.wait_for(opened.get(), 2 * LIMIT)
                self.assertNotEqual(await result(client, "ConnectionId"), first)
                self.assertEqual(await asyncio.to_thread(self.lab.noted, first, "connected"), None)

        asyncio.run(asyncio.wait_for(main(), 4 * LIMIT))

    def test_tokens(self):
        async def work(client, _):
            self.assertEqual(await result(client, "UserName"), "ann")

        token = self.lab.token("ann")
        self.run_on(work, "/lab-auth", headers={"Authorization": f"Bearer {token}"})

        async def refused(*_):
            self.fail("it was let in")

        with self.assertRaises(AuthorizationError):
            self.run_on(refused, "/lab-auth")


class Json(Pysignalr, unittest.TestCase):
    protocol = JSONProtocol

    def test_uploads(self):
        """The end of a stream, which it writes with `"headers":null`, is understood."""

        async def work(client, _):
            connection = await result(client, "ConnectionId")
            async with client.client_stream("Upload") as stream:
                for item in ("a", "é"):
                    await stream.send(item)
            self.assertEqual(await result(client, "EchoInt", 1), 1)
            self.assertEqual(await result(client, "ConnectionId"), connection)

        self.run_on(work)


class MessagePack(Pysignalr, unittest.TestCase):
    protocol = MessagepackProtocol


if __name__ == "__main__":
    unittest.main()
