"""The base of the programs that install and run one authorization server each.

`server.py install` installs the server below target/servers. `server.py serve BINARIES` starts it, writes its
description as one line of JSON, and runs until standard input ends. BINARIES is the directory of the compiled
examples. On standard input, each line is a command as JSON; the response is a line of JSON.
"""

import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

from . import holder, web
from .process import Child, free_port

ROOT = pathlib.Path(__file__).resolve().parents[3]
WORK = ROOT / "target" / "servers"

# The resource identifier of the journal, and another one.
RESOURCE = "https://journal.example/mcp"
OTHER_RESOURCE = "https://other.example/"
# The scopes of the journal; GET /me needs the first.
SCOPES = "user:read entries:read entries:write tags:read tags:write"
SCOPE_OF_ENTRIES = "entries:read"
# The scope of the service of `examples/mtls`.
SCOPE_OF_HELLO = "hello:read"
# The resource identifier and the scope of the shop of `examples/token-exchange`.
SHOP = "https://shop.example/"
SCOPE_OF_SHOP = "shop:read"
# The lifetime of a short-lived token, in seconds.
SHORT = 5
MAVEN_PLUGIN = "3.8.1"


class Server:
    """One authorization server. A subclass has its facts."""

    # The programs that the machine must have, with the minimal version in words.
    needs = {}

    def __init__(self):
        self.directory = pathlib.Path(sys.modules[type(self).__module__].__file__).resolve().parent
        self.name = self.directory.name
        self.installed = WORK / self.name
        self.children = []

    # What a subclass defines.

    def install(self):
        """Installs the server into `self.installed`, from pinned sources. Does nothing if it is there."""
        raise NotImplementedError

    def start(self):
        """Starts the server, and returns its description: see README.md."""
        raise NotImplementedError

    def rotate_keys(self):
        """Rotates the signing key, and returns a token that the new one signs."""
        raise NotImplementedError

    def log_in(self, challenge):
        """Sends an authorization request with the parameters of this challenge (RFC 9470 §4). Returns the token."""
        raise NotImplementedError

    # What a subclass uses.

    def spawn(self, command, env=None, cwd=None):
        child = Child([str(part) for part in command], self.installed / f"server-{len(self.children)}.log", env, cwd)
        self.children.append(child)
        return child

    def port(self):
        return free_port()

    def command(self, command, env=None, cwd=None):
        """Runs a step of the installation. Its output is shown if it fails."""
        result = subprocess.run(
            [str(part) for part in command], cwd=cwd or self.directory, env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if result.returncode != 0:
            raise SystemExit(f"{' '.join(map(str, command))}: exit status {result.returncode}\n{result.stdout[-4000:]}")

    def maven(self, artifact, sha256):
        """A file from Maven's repository, named group:name:version:type. A wrong checksum is an error."""
        _, name, version, kind = artifact.split(":")
        path = WORK / f"{name}-{version}.{kind}"
        if not path.exists():
            self.command(["mvn", "--batch-mode", "--quiet", f"org.apache.maven.plugins:maven-dependency-plugin:{MAVEN_PLUGIN}:copy",
                          f"-Dartifact={artifact}", f"-DoutputDirectory={WORK}"])
        with open(path, "rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != sha256:
            path.unlink()
            raise SystemExit(f"{artifact} has the SHA-256 {found}, expected {sha256}; the file was deleted")
        return path

    def go(self, package, *arguments):
        """Builds a program of the module that `go.mod` and `go.sum` pin. Returns its path."""
        program = self.installed / self.name
        sources = ["go.mod", "go.sum", *sorted(path.name for path in self.directory.glob("*.go"))]
        if not self.is_installed(*sources):
            self.command(["go", "build", "-mod=readonly", "-buildvcs=false", *arguments, "-o", program, package])
            self.done(*sources)
        return program

    def npm(self):
        """Installs the packages of `package-lock.json` into `self.installed`."""
        sources = ("package.json", "package-lock.json")
        if self.is_installed(*sources):
            return
        for source in sources:
            shutil.copy(self.directory / source, self.installed)
        self.command(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=self.installed)
        self.done(*sources)

    def apt(self, *arguments, cwd=None):
        """Runs apt-get, with a list of packages that is up to date."""
        root = [] if os.geteuid() == 0 else ["sudo", "-n"]
        # Only one apt-get can run at a time.
        with open(WORK / "apt.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.command([*root, "apt-get", "update", "-qq"])
            self.command([*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--yes", *arguments], cwd=cwd)

    def python(self):
        """Installs the packages of `requirements.txt` into an environment. Returns its interpreter."""
        interpreter = self.installed / "bin" / "python"
        if not self.is_installed("requirements.txt"):
            self.command([sys.executable, "-m", "venv", "--clear", self.installed])
            self.command([interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
                          "-r", "requirements.txt"])
            self.done("requirements.txt")
        return interpreter

    def is_installed(self, *sources):
        """Whether `done` has run with the same sources: files of the server's directory."""
        return self._stamp().exists() and self._stamp().read_text() == self._digest(sources)

    def done(self, *sources):
        self._stamp().write_text(self._digest(sources))

    def _stamp(self):
        return self.installed / "installed"

    def _digest(self, sources):
        digest = hashlib.sha256()
        for source in ("server.py", *sources):
            digest.update((self.directory / source).read_bytes())
        return digest.hexdigest()

    def new_key(self, name):
        """A new key for DPoP proofs, for a description: its file and its thumbprint."""
        path = self._holders() / f"{name}.key"
        path.unlink(missing_ok=True)
        return {"file": str(path), "thumbprint": holder.new_key(self.binaries, path)}

    def new_certificate(self, name):
        """A new certificate with its key, for a description."""
        return holder.new_certificate(self._holders(), name)

    def proof(self, key, method, url):
        """A DPoP proof for a request to the authorization server."""
        return holder.proof(self.binaries, key["file"], method, url)

    def _holders(self):
        path = self.installed / "holders"
        path.mkdir(exist_ok=True)
        return path

    def short_lived(self, token):
        """A token that expires in the run, for a description."""
        return {"token": token, "expires": time.time() + SHORT}

    def main(self):
        """Runs the command of the command line."""
        missing = [f"{tool} ({version})" for tool, version in self.needs.items() if shutil.which(tool) is None]
        if missing:
            raise SystemExit(f"{self.name} needs what is not installed: {', '.join(missing)}")
        self.installed.mkdir(parents=True, exist_ok=True)
        if sys.argv[1:] == ["install"]:
            self.install()
        elif len(sys.argv) == 3 and sys.argv[1] == "serve":
            self.binaries = pathlib.Path(sys.argv[2])
            self._serve()
        else:
            raise SystemExit("usage: server.py install | serve BINARIES")

    def _serve(self):
        # SystemExit, so that the server ends too.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        try:
            print(json.dumps(self.start()), flush=True)
            commands = {"rotate_keys": self.rotate_keys, "log_in": self.log_in}
            for line in sys.stdin:
                name, *arguments = json.loads(line)
                print(json.dumps(commands[name](*arguments)), flush=True)
        finally:
            for child in self.children:
                child.stop()


__all__ = ["OTHER_RESOURCE", "RESOURCE", "SCOPES", "SCOPE_OF_ENTRIES", "SCOPE_OF_HELLO", "SCOPE_OF_SHOP", "SHOP", "SHORT", "Server", "web"]
