"""Checks the journal against one authorization server, and writes what it answers as a text."""
# R-H1, R-H2, R-H3, R-H7, R-M1, R-M3: the groups of requests about what a function requires of a token, or exchanges it for.

import base64
import contextlib
import json
import re
import time
import urllib.parse

from . import holder, web
from .journal import Journal, Mtls, Shop
from .server import RESOURCE

# A JWT is accepted for this time after its `exp`, in seconds: the default of the library.
LEEWAY = 30
# Values that differ in each run.
TIMES = {"exp", "iat", "nbf", "auth_time", "expiresAt"}
IDS = {"jti", "sid"}
# Headers that say nothing about a token.
SKIPPED = {"connection", "content-length", "date"}
COLUMNS = ("introspection", "jwt", "hybrid")


def check(description, binaries, command):
    """The text for one server. `command` has it execute a command, which returns a token."""
    checker = Checker(description, binaries, command)
    checker.discovery()
    cells = {}
    for mode in description["modes"]:
        cell = checker.mode(mode)
        # A mode that only shows a mistake of the operator has no cell.
        if mode.get("listed", True):
            cells.setdefault(mode["mode"], []).append(cell)
    for group in description.get("requirements", []):
        checker.group(group)
    row = [description["title"]]
    row += ["; ".join(cells.get(column, [description.get("absent", {}).get(column, "–")])) for column in COLUMNS]
    return f"| {' | '.join(row)} |\n" + "\n".join(checker.lines) + "\n"


class Checker:
    def __init__(self, description, binaries, command):
        self.description = description
        self.binaries = binaries
        self.command = command
        self.lines = []
        # The answers below one heading, with the label of the first token that got it.
        self.answers = {}
        # Longer values first: one may be the beginning of another.
        self.names = sorted(description["names"].items(), key=lambda item: -len(item[1]))

    def discovery(self):
        """The places of RFC 8414 §3.1 and OpenID Connect Discovery 1.0 §4, and what is there."""
        issuer = urllib.parse.urlsplit(self.description["issuer"])
        origin, path = f"{issuer.scheme}://{issuer.netloc}", issuer.path.rstrip("/")
        self.line("")
        self.line("discovery")
        places = [f"/.well-known/oauth-authorization-server{path}", f"/.well-known/openid-configuration{path}",
                  f"{path}/.well-known/openid-configuration"]
        for place in dict.fromkeys(places):
            response = web.request(origin + place)
            document = response.json()
            if response.status != 200 or not isinstance(document, dict):
                self.line(f"  {place}: {response.status}")
                continue
            members = [name for name in ("introspection_endpoint", "jwks_uri") if name in document]
            self.line(f"  {place}: 200, issuer {document.get('issuer')}, names {' and '.join(members) or 'neither endpoint'}")

    def mode(self, mode):
        """Checks one mode. Returns its cell of the table."""
        defaults, settings, tokens = mode["defaults"], mode.get("settings", []), mode["tokens"]
        plain = {label: tokens[label] for label in ("plain", "good") if label in tokens}
        self.heading(mode, "defaults", defaults)
        outcome = self.run(mode, defaults, plain if settings else None, log=bool(settings))
        if settings:
            self.heading(mode, "with settings", defaults + settings)
            outcome = self.run(mode, defaults + settings, None)
        flags = defaults + settings
        if "--client-secret" in flags:
            at = flags.index("--client-secret") + 1
            wrong = [*flags[:at], "wrong", *flags[at + 1:]]
            self.heading(mode, "wrong client secret", wrong)
            self.run(mode, wrong, {"good": tokens["good"]}, log=True)
        note = f" ({mode['note']})" if "note" in mode else ""
        if outcome != 200:
            return f"no{note}"
        return f"yes, with {self.shown(settings, code=True)}{note}" if settings else f"yes{note}"

    def run(self, mode, flags, tokens, log=False):
        """Sends a request with each of the tokens, or makes all checks. Returns the status for the good one."""
        everything = tokens is None
        mode_flags = [] if mode["mode"] == "introspection" else ["--mode", mode["mode"]]
        with Journal(self.binaries, ["--resource", RESOURCE, *mode_flags, *flags]) as journal:
            if journal.url is None:
                self.line("  does not start")
                self.log(journal)
                return None
            outcome = None
            if everything:
                tokens = dict(mode["tokens"])
                self.request(journal, "no token", None)
            for label, token in tokens.items():
                if not isinstance(token, dict):
                    status = self.request(journal, label, token)
                    outcome = status if label == "good" else outcome
            if everything:
                self.other_checks(journal, mode)
            if log:
                self.log(journal)
            return outcome

    def other_checks(self, journal, mode):
        good = mode["tokens"]["good"]
        if mode.get("rotates"):
            rotated = self.command("rotate_keys")
            if key_id(rotated) == key_id(good):
                raise ValueError("the key was not rotated: the new token has the key id of the first")
            self.request(journal, "signed by a new key", rotated)
            self.request(journal, "good, after the rotation", good)
        self.request(journal, "garbage", "garbage")
        if good.count(".") == 2:
            header, payload, signature = good.split(".")
            altered = "B" if signature[9] == "A" else "A"
            self.request(journal, "altered signature", f"{header}.{payload}.{signature[:9]}{altered}{signature[10:]}")
            self.request(journal, "alg none", f"{encoded({'alg': 'none', 'typ': 'at+jwt'})}.{payload}.")
        else:
            self.request(journal, "garbage JWT", f"{encoded({'alg': 'RS256', 'kid': 'none'})}.{encoded({'sub': 'x'})}.c2ln")
        for label, token in mode["tokens"].items():
            if isinstance(token, dict):
                is_validated = mode["mode"] != "introspection" and token["token"].count(".") == 2
                end = token["expires"] + (LEEWAY if is_validated else 0) + 1
                time.sleep(max(0, end - time.time()))
                self.request(journal, label, token["token"])

    def group(self, group):
        """Sends the requests of a group, whose functions require more of a token than scopes."""
        self.answers = {}
        self.title = group["name"]
        self.line("")
        if "absent" in group:
            self.line(f"{self.title}: {group['absent']}")
            return
        with contextlib.ExitStack() as stack:
            if "mtls" in group:
                variables = {"RESOURCE": RESOURCE, "CLIENT_CERTIFICATE_SOURCE": "connection", **group["settings"]}
                variables = {f"REQUIRES_AUTH_{name}": value for name, value in variables.items()}
                self.line(f"{self.title}: {assignments(variables)}")
                program = Mtls(self.binaries, group["mtls"], variables)
            elif "shop" in group:
                self.line(f"{self.title}: {assignments(group['shop'])}, calls the journal: {self.shown(group['flags'])}")
                journal = stack.enter_context(Journal(self.binaries, ["--resource", RESOURCE, *group["flags"]]))
                program = Shop(self.binaries, journal, group["shop"])
            else:
                self.line(f"{self.title}: {self.shown(group['flags'])}")
                # So that the log has each cause.
                program = Journal(self.binaries, ["--resource", RESOURCE, *group["flags"]], {"RUST_LOG": "requires_auth=debug"})
            stack.enter_context(program)
            if program.url is None:
                self.line("  does not start")
            else:
                last = None
                for request in group["requests"]:
                    last = self.requirement(program, group, request, last)
            self.log(program)

    def requirement(self, program, group, request, last):
        """Sends a request of a group. Returns its headers and its response, for the next one."""
        method, path = request["method"], request["path"]
        token, headers = request.get("token"), {}
        if request.get("log_in"):
            token = self.command("log_in", request["log_in"], login_challenge(last[1]))
        if request.get("same_proof"):
            headers = last[0]
        elif "key" in request:
            url = urllib.parse.urljoin(RESOURCE, path)
            proof = holder.proof(self.binaries, request["key"]["file"], method, url, token)
            headers = {"Authorization": f"DPoP {token}", "DPoP": proof}
        elif token is not None:
            headers = {"Authorization": f"Bearer {token}"}
        opener = web.with_certificate(group["mtls"], request.get("certificate")) if "mtls" in group else web.OPENER
        response = web.request(program.url + path, method=method, headers=headers, body=request.get("body"), opener=opener)
        self.answer(request["label"], response)
        return headers, response

    def request(self, journal, label, token):
        """Sends a request with a token."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return self.answer(label, web.request(f"{journal.url}/me", headers=headers))

    def answer(self, label, response):
        """Writes the whole answer: status, headers, body. Returns the status."""
        fields = sorted((name.lower(), value) for name, value in response.headers.items())
        answer = [f"      {name}: {value}" for name, value in fields if name not in SKIPPED]
        document = response.json()
        body = response.text.strip() if document is None else json.dumps(stable(document), sort_keys=True)
        answer = self.named("\n".join([*answer, f"      {body}" if body else "      no body"]))
        same = self.answers.setdefault((response.status, answer), f"{self.title}: {label}")
        if same == f"{self.title}: {label}":
            self.lines.append(f"  {label}: {response.status}\n{answer}")
        else:
            self.lines.append(f"  {label}: {response.status}, the answer of “{same}”")
        return response.status

    def log(self, journal):
        for line in journal.stop():
            if line.startswith("DEBUG") and "cause=" not in line:
                continue
            # The level, the event and its first fields are the same in each line.
            line = re.sub(r"^.* (?=cause=)", "", line)
            line = re.sub(r"\b\d{10}\b", "TIME", line)
            self.line(f"  log: {re.sub(r'[0-9]+ s ago', 'N s ago', line)}".rstrip())

    def heading(self, mode, what, flags):
        self.answers = {}
        self.title = f"{mode['mode']}{', ' + mode['name'] if 'name' in mode else ''}, {what}"
        self.line("")
        self.line(f"{self.title}: {self.shown(flags)}")

    def shown(self, flags, code=False):
        """Flags as one would type them, with a value in quotes where it has a space."""
        words = [f"'{flag}'" if " " in flag else flag for flag in flags]
        text = re.sub(r" (?!--)", "\0", " ".join(words)).replace(" ", "\n")
        options = [self.named(option.replace("\0", " ")) for option in text.split("\n")]
        return ", ".join(f"`{option}`" for option in options) if code else " ".join(options)

    def line(self, text):
        self.lines.append(self.named(text))

    def named(self, text):
        for name, value in self.names:
            text = text.replace(value, name)
        text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID", text)
        return re.sub(r"\b127\.0\.0\.1:\d+", "127.0.0.1:PORT", text)


def assignments(variables):
    return " ".join(f"{name}={value}" for name, value in variables.items())


def login_challenge(response):
    """The parameters of the challenge that demands a login (RFC 9470 §3)."""
    for challenge in response.headers.get_all("WWW-Authenticate", []):
        parameters = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        if parameters.get("error") == "insufficient_user_authentication":
            return {name: parameters[name] for name in ("acr_values", "max_age", "scope") if name in parameters}
    raise ValueError(f"no challenge demands a login: {response.status} {response.headers}{response.text}")


def key_id(token):
    """The `kid` of a JWT."""
    header = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["kid"]


def encoded(value):
    """A part of a JWT."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def stable(value):
    """The value without what differs in each run."""
    if isinstance(value, list):
        # Lists here are sets: audiences, scopes.
        return sorted((stable(item) for item in value), key=json.dumps)
    if not isinstance(value, dict):
        return value
    replaced = {}
    for key, item in value.items():
        if key in TIMES and item is not None:
            replaced[key] = "TIME"
        elif key in IDS and item is not None:
            replaced[key] = "ID"
        elif key == "scope" and isinstance(item, str):
            replaced[key] = " ".join(sorted(item.split(" ")))
        else:
            replaced[key] = stable(item)
    return replaced
