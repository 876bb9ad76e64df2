"""Child processes on loopback."""

import os
import socket
import subprocess
import time
import urllib.error

from . import web

DEADLINE = 300


def free_port():
    """A port that is free now. Servers that cannot report the port that the system picks get this one."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Child:
    """A process with a log file. It ends with this value."""

    def __init__(self, command, log, env=None, cwd=None):
        self.log = log
        with open(log, "wb") as output:
            # Its own process group: a script such as Keycloak's starts the server as a child.
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=cwd,
                env={**os.environ, **(env or {})}, start_new_session=True)

    def text(self):
        with open(self.log, errors="replace") as log:
            return log.read()

    def wait_for(self, url):
        """Waits until the server responds with a status of success."""
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            try:
                if web.request(url).status < 300:
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                pass
            if self.process.poll() is not None:
                raise SystemExit(f"the server ended with {self.process.returncode}:\n{self.text()[-3000:]}")
            time.sleep(0.1)
        raise SystemExit(f"no success at {url} within {DEADLINE} s:\n{self.text()[-3000:]}")

    def stop(self):
        if self.process.poll() is not None:
            return
        os.killpg(self.process.pid, 15)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, 9)
            self.process.wait()
