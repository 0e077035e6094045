"""A site with django-cookie-consent, for tools/django-cookie-consent.mjs: prints its port, serves until it is ended."""

import sys
from datetime import datetime, timezone
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings
from django.core.management import call_command
from django.http import HttpResponse
from django.urls import include, path

settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "cookie_consent"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="made up",
    USE_TZ=True,
    COOKIE_CONSENT_SUCCESS_URL="/",
)
django.setup()

from cookie_consent.models import Cookie, CookieGroup  # noqa: E402

GROUPS = ["functional", "analytics", "marketing"]


def button(action, text, *fields):
    inputs = "".join(f'<input type="hidden" name="{name}" value="{value}">' for name, value in fields)
    return f'<form method="post" action="/cookies/{action}/"><input type="hidden" name="next" value="/">{inputs}<button>{text}</button></form>'


def home(request):
    each = [button(action, f"{action} {group}", ("cookie_groups", group)) for group in [*GROUPS, "empty"] for action in ["accept", "decline"]]
    every = [button(action, f"{action} all", ("all_groups", "true")) for action in ["accept", "decline"]]
    return HttpResponse("<!doctype html><title>django</title>" + "".join([*each, *every]))


def renew(request):
    """A new cookie in the group: its version is newer than what was accepted."""
    Cookie.objects.create(cookiegroup=CookieGroup.objects.get(varname="analytics"), name="_new", domain="")
    return HttpResponse("ok")


def seen(request):
    return HttpResponse(request.META.get("HTTP_COOKIE", ""))


urlpatterns = [path("", home), path("renew", renew), path("seen", seen), path("cookies/", include("cookie_consent.urls"))]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


if __name__ == "__main__":
    from django.core.wsgi import get_wsgi_application

    call_command("migrate", verbosity=0)
    for place, varname in enumerate(GROUPS):
        group = CookieGroup.objects.create(varname=varname, name=varname, ordering=place)
        cookie = Cookie.objects.create(cookiegroup=group, name=f"_{varname}", domain="")
        Cookie.objects.filter(pk=cookie.pk).update(created=datetime(2026, 3, 1 + place, 10, 0, 0, 123456, timezone.utc))
    CookieGroup.objects.create(varname="empty", name="empty", ordering=9)
    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet)
    print(server.server_port, flush=True)
    sys.stdout.close()
    server.serve_forever()
