"""Canaille with its backend in memory, three clients and a user: provider.py PORT SCOPE…"""

import datetime
import sys

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from werkzeug.serving import run_simple

PORT, *SCOPES = sys.argv[1:]

app = create_app(config={
    "SECRET_KEY": "of the tests", "SERVER_NAME": f"127.0.0.1:{PORT}", "PREFERRED_URL_SCHEME": "http",
    "CANAILLE": {"DATABASE": "memory"}, "CANAILLE_OIDC": {},
}, env_file=None)


def register(client_id, *audience):
    client = models.Client(
        client_id=client_id, client_secret=f"{client_id}-secret", client_name=client_id,
        client_id_issued_at=datetime.datetime.now(datetime.timezone.utc), redirect_uris=["https://client.example/callback"],
        grant_types=["password"], response_types=["code"], token_endpoint_auth_method="client_secret_basic",
        scope=["openid", "profile", *SCOPES])
    Backend.instance.save(client)
    # Canaille itself writes the client alone as the audience.
    client.audience = [client, *audience]
    Backend.instance.save(client)
    return client


with app.app_context():
    Backend.instance.save(models.User(
        formatted_name="Alice Liddell", family_name="Liddell", given_name="Alice", user_name="alice",
        emails=["alice@example.com"], password="correct horse battery"))
    journal = register("journal")
    register("caller", journal)
    register("stranger")

run_simple("127.0.0.1", int(PORT), app, threaded=True)
