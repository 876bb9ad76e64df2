"""Django OAuth Toolkit as its tutorial sets it up, at /o/: provider.py PORT DATABASE SCOPE…"""

import sys
import types

import django
from django.conf import settings

PORT, DATABASE, *SCOPES = sys.argv[1:]

settings.configure(
    SECRET_KEY="of the tests", ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF="urls", USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": DATABASE}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
                    "django.contrib.messages", "oauth2_provider"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware",
                "django.contrib.messages.middleware.MessageMiddleware"],
    # The scope `introspection` is the one that a client of the introspection endpoint needs.
    OAUTH2_PROVIDER={"SCOPES": {scope: scope for scope in (*SCOPES, "introspection")}},
)
urls = types.ModuleType("urls")
sys.modules["urls"] = urls
django.setup()

from django.core.management import call_command  # noqa: E402
from django.urls import include, path  # noqa: E402
from oauth2_provider import urls as oauth2_urls  # noqa: E402
from oauth2_provider.models import get_application_model  # noqa: E402

urls.urlpatterns = [path("o/", include(oauth2_urls))]
call_command("migrate", verbosity=0)
for name in ("journal", "caller"):
    get_application_model().objects.create(
        name=name, client_id=name, client_secret=f"{name}-secret", client_type="confidential",
        authorization_grant_type="client-credentials")
call_command("runserver", f"127.0.0.1:{PORT}", use_reloader=False, skip_checks=True)
