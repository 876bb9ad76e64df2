"""The programs below `examples` that requests are sent to, each as a process of its own."""

import os
import re
import subprocess
import threading

START_DEADLINE = 60


class Program:
    """A running program. If it does not start, `url` is None and `lines` has the reason."""

    # The processes to end if this program is.
    running = set()

    def __init__(self, command, variables):
        environment = {key: value for key, value in os.environ.items()
                       if not key.startswith(("EXCHANGE_", "JOURNAL_", "ORDERS_", "REQUIRES_AUTH_", "RUST_LOG")) and not key.lower().endswith("_proxy")}
        self.process = subprocess.Popen(
            command, env={**environment, "NO_COLOR": "1", **variables},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        Program.running.add(self.process)
        self.lines = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        killer = threading.Timer(START_DEADLINE, self.process.kill)
        killer.start()
        first = self.process.stdout.readline()
        killer.cancel()
        listening = re.fullmatch(r"listening on (https?://\S+)\n", first)
        self.url = listening[1] if listening else None
        if not listening:
            self.process.wait()
            self.reader.join()

    def _read(self):
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Stops the program. Returns the lines of its log, without times."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()
        self.reader.join()
        Program.running.discard(self.process)
        return [re.sub(r"^\d{4}-\d\d-\d\dT\S+\s+", "", line) for line in self.lines]


class Journal(Program):
    """The journal of `examples/journal`."""

    def __init__(self, binaries, flags, variables=None):
        super().__init__([binaries / "journal", "--listen", "127.0.0.1:0", *flags], variables or {})


class Shop(Program):
    """The shop of `examples/token-exchange`. The journal is the API that it calls for its caller."""

    def __init__(self, binaries, journal, variables):
        super().__init__([binaries / "token-exchange"], {
            "LISTEN": "127.0.0.1:0", "ORDERS_URL": f"{journal.url}/entries", "RUST_LOG": "requires_auth=debug", **variables})


class Mtls(Program):
    """The service of `examples/mtls`, which ends TLS itself."""

    def __init__(self, binaries, certificate, variables):
        super().__init__([binaries / "mtls"], {
            "LISTEN": "127.0.0.1:0", "TLS_CERTIFICATE": certificate["certificate"], "TLS_KEY": certificate["key"], **variables})
