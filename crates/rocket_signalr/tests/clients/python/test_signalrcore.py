"""signalrcore: all transports, and MessagePack over WebSockets.

Left out is what this client does not manage with any server: to come back after a cut (it takes the
answer to its second handshake for a message), uploads in MessagePack (it leaves out the id's place),
MessagePack over polls, tokens over polls, and more than one message in a poll.
"""

import logging
import queue
import threading
import unittest

from lab import Lab, within
from signalrcore.hub_connection_builder import HubConnectionBuilder
from signalrcore.subject import Subject
from signalrcore.types import HttpTransportType, HubProtocolEncoding

LIMIT = 15


class Signalrcore:
    """What every transport and encoding is to do."""

    transport = HttpTransportType.web_sockets
    encoding = HubProtocolEncoding.text

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab(parallel=4, keep_alive=1)
        cls.addClassCleanup(cls.lab.stop)

    def build(self, path="/lab", **options):
        builder = HubConnectionBuilder().with_url(
            self.lab.url + path, options={"transport": self.transport, **options}
        )
        builder.configure_logging(logging.CRITICAL)
        builder.with_hub_protocol(self.encoding)
        return builder.build()

    def open(self, **options):
        connection = self.build(**options)
        opened, self.failures = queue.Queue(), queue.Queue()
        connection.on_open(lambda: opened.put(True))
        connection.on_error(lambda message: self.failures.put(message.error))
        connection.start()
        self.addCleanup(connection.stop)
        opened.get(timeout=LIMIT)
        return connection

    def call(self, connection, method, *arguments):
        answers = queue.Queue()
        connection.invoke(method, list(arguments), answers.put)
        return answers.get(timeout=LIMIT).result

    def test_invokes(self):
        connection = self.open()
        self.assertEqual(self.call(connection, "Add", 2, 3), 5)
        self.assertEqual(self.call(connection, "EchoString", "é你好😀"), "é你好😀")
        self.assertEqual(self.call(connection, "EchoInts", [1, -2, 300000]), [1, -2, 300000])
        self.assertIsNone(self.call(connection, "Nothing"))
        connection.invoke("ThrowHub", ["told"])
        self.assertEqual(
            self.failures.get(timeout=LIMIT),
            "An unexpected error occurred invoking 'ThrowHub' on the server. HubException: told",
        )
        self.assertEqual(self.call(connection, "EchoInt", 1), 1)

    def test_sends_and_receives(self):
        connection = self.open()
        heard = queue.Queue()
        connection.on("Received", heard.put)
        connection.send("SendCaller", ["one"])
        self.assertEqual(heard.get(timeout=LIMIT), ["one"])
        connection_id = self.call(connection, "ConnectionId")
        self.lab.post(f"/lab/client/{connection_id}", text="two é")
        self.assertEqual(heard.get(timeout=LIMIT), ["two é"])
        connection.send("SendMany", [50])
        self.assertEqual([heard.get(timeout=LIMIT) for _ in range(50)], [[str(n)] for n in range(50)])

    def test_streams(self):
        connection = self.open()
        items, ended = [], threading.Event()
        connection.stream("Counter", [5, 50]).subscribe(
            {"next": items.append, "complete": lambda _: ended.set(), "error": lambda error: self.fail(error)}
        )
        self.assertTrue(ended.wait(LIMIT), "the stream did not end")
        # It listens only once its call is sent: the first item may have come by then.
        self.assertEqual(items, list(range(5))[-len(items) :])
        self.assertGreaterEqual(len(items), 4)

    def test_uploads(self):
        """Its uploads have no id, and so no answer: what counts is that the connection goes on."""
        connection = self.open()
        subject = Subject()
        connection.send("Upload", subject)
        for item in ("a", "b"):
            subject.next(item)
        subject.complete()
        self.assertEqual(self.call(connection, "EchoInt", 1), 1)

    def test_stops(self):
        connection = self.open()
        connection_id = self.call(connection, "ConnectionId")
        connection.stop()
        self.lab.noted(connection_id, "disconnected")

    def test_tokens(self):
        token = self.lab.token("ann")
        connection = self.open(path="/lab-auth", access_token_factory=lambda: token)
        self.assertEqual(self.call(connection, "UserName"), "ann")
        with self.assertRaises(Exception):
            self.build(path="/lab-auth").start()


class WebSocketsJson(Signalrcore, unittest.TestCase):
    pass


class WebSocketsMessagePack(Signalrcore, unittest.TestCase):
    encoding = HubProtocolEncoding.binary
    test_uploads = None


class EventStreamJson(Signalrcore, unittest.TestCase):
    transport = HttpTransportType.server_sent_events


class LongPollingJson(Signalrcore, unittest.TestCase):
    transport = HttpTransportType.long_polling
    test_tokens = None
    test_sends_and_receives = None
    test_streams = None

    def test_receives(self):
        connection = self.open()
        heard = queue.Queue()
        connection.on("Received", heard.put)
        connection_id = self.call(connection, "ConnectionId")
        for text in ("one", "two é"):
            self.lab.post(f"/lab/client/{connection_id}", text=text)
            self.assertEqual(heard.get(timeout=LIMIT), [text])


if __name__ == "__main__":
    unittest.main()
