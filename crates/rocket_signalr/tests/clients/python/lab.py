"""The lab, started for a test class with options of its own."""

import json
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request

PROGRAM = os.path.abspath(os.environ.get("LAB", "target/debug/examples/lab"))


def within(what, look, seconds=15):
    """Asks again and again until `look` finds something. The limit is there to fail."""
    limit = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > limit:
            raise AssertionError(f"{what} did not come within {seconds} s")
        time.sleep(0.02)


class Lab:
    def __init__(self, **options):
        words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
        self.process = subprocess.Popen(
            [PROGRAM, "--urls", "http://127.0.0.1:0", *words], stdout=subprocess.PIPE, text=True
        )
        # Whoever does not come up is ended, so that the line below is not waited for in vain.
        late = threading.Timer(15, self.process.kill)
        late.start()
        line = self.process.stdout.readline()
        late.cancel()
        assert line.startswith("Now listening on: "), f"{PROGRAM} did not start: {line!r}"
        self.url = line.split(": ", 1)[1].strip()

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=15) as answer:
            return answer.read().decode()

    def post(self, path, **query):
        request = urllib.request.Request(f"{self.url}{path}?{urllib.parse.urlencode(query)}", method="POST")
        with urllib.request.urlopen(request, timeout=15) as answer:
            return answer.read().decode()

    def noted(self, connection, what):
        """Waits until the hub has noted `what` about a connection."""
        entries = lambda: [e for e in json.loads(self.get("/lab/log")) if e["id"] == connection and e["what"] == what]
        return within(f"'{what}' in the hub's log", entries)[0]["detail"]

    def token(self, user):
        return self.get(f"/token?user={user}")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()


class Proxy:
    """Stands between clients and the lab; `cut` resets all connections."""

    def __init__(self, url):
        self.to = urllib.parse.urlsplit(url)
        self.server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.server.getsockname()[1]}"
        self.pairs = []
        self.accepted = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.server.accept()
            except OSError:
                return
            self.accepted += 1
            far = socket.create_connection((self.to.hostname, self.to.port))
            self.pairs.append((near, far))
            for come, go in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(come, go), daemon=True).start()

    @staticmethod
    def _carry(come, go):
        try:
            while chunk := come.recv(65536):
                go.sendall(chunk)
        except OSError:
            pass
        for each in (come, go):
            Proxy._end(each)

    @staticmethod
    def _end(each):
        try:
            each.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def cut(self):
        pairs, self.pairs = self.pairs, []
        for each in (socket for pair in pairs for socket in pair):
            self._end(each)
            each.close()

    def close(self):
        self.server.close()
        self.cut()
