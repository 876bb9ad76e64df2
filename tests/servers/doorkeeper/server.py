"""Doorkeeper of Debian, in a Rails application. Its tokens are opaque, and it has no metadata document."""

from harness.server import SCOPE_OF_ENTRIES, SCOPES, Server, web

# The version of the package ruby-doorkeeper.
VERSION = "5.5.0"
PACKAGES = ["ruby", f"ruby-doorkeeper={VERSION}-2+deb12u1", "ruby-rails", "ruby-sqlite3", "puma"]


class Doorkeeper(Server):
    needs = {"apt-get": "of Debian 12"}

    def install(self):
        if not self.is_installed():
            self.apt("install", "--no-install-recommends", *PACKAGES)
            self.done()

    def start(self):
        port = self.port()
        issuer = f"http://127.0.0.1:{port}"
        child = self.spawn(["ruby", self.directory / "provider.rb", port], {"SCOPES": SCOPES})
        child.wait_for(f"{issuer}/up")

        def token(client="caller", scope=SCOPES):
            return web.client_credentials(f"{issuer}/oauth/token", client, f"{client}-secret", scope=scope)

        tokens = {
            "good": token(),
            "another scope": token(scope=SCOPE_OF_ENTRIES),
            "revoked": web.revoke(f"{issuer}/oauth/revoke", "caller", "caller-secret", token()),
            "expired": self.short_lived(token("short")),
        }
        credentials = ["--issuer", issuer, "--client-id", "journal", "--client-secret", "journal-secret"]
        settings = ["--introspection-url", f"{issuer}/oauth/introspect", "--audience", "if-present"]
        return {
            "title": f"Doorkeeper {VERSION}",
            "issuer": issuer,
            "names": {"ISSUER": issuer},
            "modes": [{"mode": "introspection", "defaults": credentials, "settings": settings, "tokens": tokens,
                       "note": "and `allow_token_introspection` for its client"}],
        }


if __name__ == "__main__":
    Doorkeeper().main()
