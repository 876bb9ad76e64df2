"""Glewlwyd of Debian. Its access tokens are JWTs, also for introspection."""

import gzip
import re
import sqlite3
import subprocess

from harness.server import OTHER_RESOURCE, RESOURCE, SCOPE_OF_ENTRIES, SCOPES, Server, web

VERSION = "2.7.5-3+deb12u1"
# The packages are unpacked, not installed: an installation would start a service of the machine.
PACKAGES = ["glewlwyd", "glewlwyd-common"]
# The libraries that the program and its modules are linked to.
LIBRARIES = ["libcbor0.8", "libconfig9", "libhoel1.4", "libiddawc1.1", "liboath0", "librhonabwy1.1", "libulfius2.7"]


class Glewlwyd(Server):
    needs = {"apt-get": "of Debian 12", "dpkg-deb": "of Debian 12", "openssl": "3"}

    def install(self):
        if self.is_installed():
            return
        packages = [f"{name}={VERSION}" for name in PACKAGES]
        self.apt("download", *packages, cwd=self.installed)
        for package in sorted(self.installed.glob("*.deb")):
            self.command(["dpkg-deb", "-x", package, self.installed / "root"])
        if self.lacks_libraries():
            self.apt("install", "--no-install-recommends", *LIBRARIES)
        self.done()

    def lacks_libraries(self):
        program = self.installed / "root/usr/bin/glewlwyd"
        found = subprocess.run(["ldd", program], stdout=subprocess.PIPE, text=True, check=True)
        return "not found" in found.stdout

    def start(self):
        port = self.port()
        origin = f"http://127.0.0.1:{port}"
        issuer = f"{origin}/api/oidc"
        child = self.spawn([self.installed / "root/usr/bin/glewlwyd", f"--config-file={self.configuration(port, origin)}"])
        child.wait_for(f"{origin}/config/")
        administrator = Administrator(f"{origin}/api")
        for scope in [*SCOPES.split(), "introspect"]:
            administrator.add("scope", {"name": scope, "display_name": scope, "password_required": False, "scheme": {}})
        administrator.add("mod/plugin", plugin_settings(issuer))
        administrator.add("client", client("journal", ["introspect"]))
        administrator.add("client", client("caller", SCOPES.split()))
        metadata = web.request(f"{issuer}/.well-known/openid-configuration").json()

        def token(**parameters):
            return web.client_credentials(metadata["token_endpoint"], "caller", "caller-secret", **parameters)

        for_journal = {"scope": SCOPES, "resource": RESOURCE}
        tokens = {
            "good": token(**for_journal),
            "another scope": token(scope=SCOPE_OF_ENTRIES, resource=RESOURCE),
            "another resource": token(scope=SCOPES, resource=OTHER_RESOURCE),
            "no resource": token(scope=SCOPES),
            "revoked": web.revoke(metadata["revocation_endpoint"], "caller", "caller-secret", token(**for_journal)),
        }
        credentials = ["--issuer", issuer, "--client-id", "journal", "--client-secret", "journal-secret"]
        note = "a client with the scope that introspection needs"
        return {
            "title": f"Glewlwyd {VERSION.split('-')[0]}",
            "issuer": issuer,
            "names": {"ISSUER": issuer},
            "modes": [
                {"mode": "introspection", "defaults": credentials, "tokens": tokens, "note": note},
                {"mode": "jwt", "defaults": ["--issuer", issuer], "tokens": tokens},
                {"mode": "hybrid", "defaults": credentials, "tokens": tokens, "note": note},
            ],
        }

    def configuration(self, port, origin):
        """Writes the configuration and an empty database. Returns the path of the configuration."""
        root = self.installed / "root"
        database = self.installed / "glewlwyd.db"
        database.unlink(missing_ok=True)
        with gzip.open(root / "usr/share/doc/glewlwyd/database/init.sqlite3.sql.gz", "rt") as script:
            connection = sqlite3.connect(database)
            connection.executescript(script.read())
            connection.close()
        with gzip.open(root / "usr/share/doc/glewlwyd/glewlwyd.conf.sample.gz", "rt") as sample:
            text = sample.read()
        for pattern, replacement in [
            (r"^port=.*", f'port={port}\nbind_address="127.0.0.1"'),
            (r"^external_url=.*", f'external_url="{origin}"'),
            (r"^cookie_secure=1", "cookie_secure=0"),
            (r"^cookie_domain=.*", ""),
            (r"^log_file=.*", f'log_file="{self.installed / "glewlwyd.log"}"'),
            (r"/usr/lib/glewlwyd", f"{root}/usr/lib/glewlwyd"),
            (r"/usr/share/glewlwyd/webapp/", f"{root}/usr/share/glewlwyd/webapp/"),
            (r"/var/cache/glewlwyd/glewlwyd.db", str(database)),
        ]:
            text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
        path = self.installed / "glewlwyd.conf"
        path.write_text(text)
        return path


class Administrator:
    """A session of the administrator that the database begins with."""

    def __init__(self, api):
        self.api = api
        response = web.request(f"{api}/auth/", body={"username": "admin", "password": "password"})
        web.expect(response, "login")
        self.cookie = response.headers["Set-Cookie"].split(";")[0]

    def add(self, kind, body):
        response = web.request(f"{self.api}/{kind}/", body=body, headers={"Cookie": self.cookie})
        web.expect(response, f"{kind}")


def plugin_settings(issuer):
    key = openssl("genrsa", "2048")
    return {"module": "oidc", "name": "oidc", "display_name": "oidc", "order_rank": 0, "parameters": {
        "iss": issuer, "jwt-type": "rsa", "jwt-key-size": "256", "key": key,
        "cert": openssl("rsa", "-pubout", text=key), "jwks-show": True,
        "access-token-duration": 3600, "refresh-token-duration": 1209600, "code-duration": 600,
        "refresh-token-rolling": True, "allow-non-oidc": True,
        "auth-type-client-enabled": True, "auth-type-code-enabled": True, "auth-type-refresh-enabled": True,
        "introspection-revocation-allowed": True, "introspection-revocation-allow-target-client": True,
        "introspection-revocation-auth-scope": ["introspect"],
        "resource-allowed": True, "resource-client-property": "resource", "resource-scope-and-client-property": False,
        "resource-scope": {scope: [RESOURCE, OTHER_RESOURCE] for scope in SCOPES.split()},
        "pkce-allowed": True, "scope": [], "additional-parameters": [], "claims": [],
    }}


def client(name, scopes):
    return {"client_id": name, "name": name, "client_secret": f"{name}-secret", "confidential": True, "enabled": True,
            "redirect_uri": ["https://app.example/callback"], "authorization_type": ["client_credentials", "code"],
            "token_endpoint_auth_method": ["client_secret_basic", "client_secret_post"], "scope": scopes}


def openssl(*arguments, text=None):
    return subprocess.run(["openssl", *arguments], input=text, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    Glewlwyd().main()
