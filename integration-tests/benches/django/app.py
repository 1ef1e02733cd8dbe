"""The reports page as a Django site of the usual shape: a session in the database, the ORM in a transaction with the
tenant set, an access record, and templates with a layout. `bench django` runs it beside the product.

`python app.py CLIENT…` makes the tables, and a user with a session for each client; it prints the sessions' keys.
"""
import os
import sys

import django
from django.conf import settings

TEMPLATES = {
    "layout.html": "<!doctype html><html lang=nl><head><title>{% block title %}{% endblock %}</title></head><body>"
    "<header>{{ user.username }}</header><main>{% block main %}{% endblock %}</main></body></html>",
    "reports.html": "{% extends 'layout.html' %}{% block title %}Rapportages{% endblock %}"
    "{% block main %}<h1>Rapportages</h1>{% for report in reports %}"
    "<article><time>{{ report.written_at|date:'j F Y H:i' }}</time><p>{{ report.text }}</p>"
    "<p>{{ report.author }}, {{ report.author_role }}</p></article>{% endfor %}{% endblock %}",
}

settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": os.environ["PGHOST"],
            "PORT": os.environ["PGPORT"],
            "USER": "postgres",
            "NAME": "dossier",
            "CONN_MAX_AGE": None,
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    ROOT_URLCONF="app",
    SECRET_KEY="for measurements only",
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "loaders": [
                    (
                        "django.template.loaders.cached.Loader",
                        [("django.template.loaders.locmem.Loader", TEMPLATES)],
                    )
                ]
            },
        }
    ],
    USE_TZ=True,
)
django.setup()

from django.contrib.auth import get_user_model, login
from django.contrib.auth.decorators import login_required
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import connection, models, transaction
from django.http import HttpRequest
from django.shortcuts import render
from django.urls import path


class Report(models.Model):
    id = models.UUIDField(primary_key=True)
    organisation_id = models.UUIDField()
    client_id = models.UUIDField()
    text = models.TextField()
    author = models.TextField()
    author_role = models.TextField()
    written_at = models.DateTimeField()

    class Meta:
        app_label, db_table, managed = "bench", "report", False


class Access(models.Model):
    user_id = models.BigIntegerField()
    client_id = models.UUIDField()
    section = models.TextField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label, db_table, managed = "bench", "django_access", False


@login_required
def reports(request):
    organisation, client = request.session["organisation"], request.session["client"]
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('zorgportaal.organisation_id', %s, true)", [organisation])
        found = Report.objects.filter(organisation_id=organisation, client_id=client)
        found = list(found.order_by("-written_at", "-id")[:20])
        Access.objects.create(user_id=request.user.id, client_id=client, section="reports")
    return render(request, "reports.html", {"reports": found})


urlpatterns = [path("reports", reports)]
application = get_wsgi_application()

if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS django_access (id bigserial PRIMARY KEY, user_id bigint, client_id uuid,"
            " section text, at timestamptz)"
        )
        # Django has columns where the product has one encoded content, of the same length.
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS report AS SELECT organisation_id, id, client_id, at AS written_at,"
            " rpad('', octet_length(content) - 60, 'Alles ging goed. ') AS text, 'Sanne Kuipers'::text AS author,"
            " 'verzorgende IG'::text AS author_role FROM record"
        )
        cursor.execute(
            "CREATE INDEX IF NOT EXISTS report_newest ON report"
            " (organisation_id, client_id, written_at DESC, id DESC)"
        )
    organisation, *clients = sys.argv[1:]
    for number, client in enumerate(clients):
        user, _ = get_user_model().objects.get_or_create(username=f"client {number}")
        request = HttpRequest()
        request.session = SessionStore()
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        request.session["organisation"], request.session["client"] = organisation, client
        request.session.save()
        print(request.session.session_key)
