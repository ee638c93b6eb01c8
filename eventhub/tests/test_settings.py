"""The configuration: every variable with its default, a good value and wrong ones, and what a start says."""

import os
import re
import runpy
import secrets
import subprocess
import sys
from datetime import timedelta
from ipaddress import ip_network
from unittest import mock

import pytest
from django.conf import settings
from django.core.checks import Tags, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from eventhub import env

pytestmark = [pytest.mark.once, pytest.mark.slow]

KEY = "a-key-for-tests-that-is-long-enough-to-sign"
SETTINGS = settings.BASE_DIR / "eventhub" / "settings.py"
REDIS = {"socket_connect_timeout": 2, "socket_timeout": 2}
SQLITE = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 10,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA recursive_triggers=ON;",
}


def load(**variables):
    """What settings.py holds in an environment of these variables and no others."""
    environ = {"ENV_FILE": "no-file", "SECRET_KEY": KEY, **variables}
    with mock.patch.dict(os.environ, environ, clear=True):
        return runpy.run_path(str(SETTINGS))


def database(values):
    config = values["DATABASES"]["default"]
    return {key: config.get(key, "") for key in ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")}


def sqlite(name):
    return {
        "ENGINE": "eventhub.db.sqlite3",
        "NAME": name,
        "USER": "",
        "PASSWORD": "",
        "HOST": "",
        "PORT": "",
        "OPTIONS": SQLITE,
    }


def postgres(pool, **others):
    options = {
        "connect_timeout": 5,
        "tcp_user_timeout": 10_000,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "prepare_threshold": 0,
        "options": "-c jit=off -c max_parallel_workers_per_gather=0",
    }
    if pool:
        options["pool"] = {"min_size": 1, "max_size": pool, "timeout": 5, "reconnect_timeout": 2}
    return {
        "ENGINE": "eventhub.db.postgresql",
        "NAME": "db",
        "USER": "u",
        "PASSWORD": "p",
        "HOST": "h",
        "PORT": 5432,
        "OPTIONS": options,
        **others,
    }


def simply(name):
    return lambda values: values[name]


OVER_HTTPS = (
    *("SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"),
    *("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME"),
)
# How each variable is seen in the settings, and what it is by default.
VARIABLES = {
    "DEBUG": (simply("DEBUG"), False),
    "ALLOWED_HOSTS": (simply("ALLOWED_HOSTS"), ["localhost", "127.0.0.1", "[::1]"]),
    "CSRF_TRUSTED_ORIGINS": (simply("CSRF_TRUSTED_ORIGINS"), []),
    "CORS_ALLOWED_ORIGINS": (
        lambda values: (values["CORS_ALLOWED_ORIGINS"], "corsheaders" in str(values["MIDDLEWARE"])),
        ([], False),
    ),
    "NUM_PROXIES": (
        lambda values: (values["NUM_PROXIES"], values["SECURE_PROXY_SSL_HEADER"]),
        (0, None),
    ),
    "TRUSTED_PROXIES": (simply("TRUSTED_PROXIES"), [ip_network("127.0.0.0/8"), ip_network("::1/128")]),
    "SECURE_SSL_REDIRECT": (
        lambda values: [values.get(name, "Django's") for name in OVER_HTTPS],
        [False, False, False, "Django's", "Django's"],
    ),
    "SECURE_HSTS_SECONDS": (simply("SECURE_HSTS_SECONDS"), 0),
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": (simply("SECURE_HSTS_INCLUDE_SUBDOMAINS"), False),
    "SECURE_HSTS_PRELOAD": (simply("SECURE_HSTS_PRELOAD"), False),
    "MAX_BODY_BYTES": (simply("MAX_BODY_BYTES"), 1_048_576),
    "RETENTION_DAYS": (simply("RETENTION_DAYS"), 0),
    "ORGANIZER_SIGNUP": (simply("ORGANIZER_SIGNUP"), "open"),
    "ADMIN_REQUIRE_2FA": (simply("ADMIN_REQUIRE_2FA"), False),
    "THROTTLE_CREDENTIALS": (simply("THROTTLE_CREDENTIALS"), "20/min"),
    "THROTTLE_GENERAL": (simply("THROTTLE_GENERAL"), "600/min"),
    "THROTTLE_GUESTS": (simply("THROTTLE_GUESTS"), "1000/hour"),
    "CAPTCHA_VERIFY_URL": (simply("CAPTCHA_VERIFY_URL"), ""),
    "CAPTCHA_SECRET": (simply("CAPTCHA_SECRET"), ""),
    "CAPTCHA_SITE_KEY": (simply("CAPTCHA_SITE_KEY"), ""),
    "CAPTCHA_SCRIPT_URL": (simply("CAPTCHA_SCRIPT_URL"), ""),
    "DATABASE_URL": (database, sqlite(str(settings.BASE_DIR / "db.sqlite3"))),
    "DB_POOL_SIZE": (lambda values: None, None),  # seen together with DATABASE_URL
    "DB_WAIT_SECONDS": (
        lambda values: (values["DB_WAIT_SECONDS"], values["DATABASES"]["default"]["OPTIONS"]["timeout"]),
        (10, 10),
    ),
    "DB_PGBOUNCER": (simply("DB_PGBOUNCER"), False),  # and what it does, with the replica
    "DATABASE_REPLICA_URL": (
        lambda values: (list(values["DATABASES"]), "DATABASE_ROUTERS" in values),
        (["default"], False),
    ),
    "CACHE_URL": (
        lambda values: values["CACHES"]["default"],
        {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "eventhub_cache",
            "OPTIONS": {"MAX_ENTRIES": 100_000},
        },
    ),
    "EMAIL_URL": (
        lambda values: (values["EMAIL_BACKEND"], values["EMAIL_HOST"], values["EMAIL_TIMEOUT"]),
        ("django.core.mail.backends.console.EmailBackend", None, 10),
    ),
    "DEFAULT_FROM_EMAIL": (simply("DEFAULT_FROM_EMAIL"), "EventHub <eventhub@localhost>"),
    "PUBLIC_URL": (
        lambda values: [values[name] for name in ("PUBLIC_URL", "PASSWORD_RESET_URL", "EMAIL_VERIFICATION_URL")],
        [
            "http://127.0.0.1:8000",
            "http://127.0.0.1:8000/admin/new-password/?token={token}",
            "http://127.0.0.1:8000/admin/verify-email/?token={token}",
        ],
    ),
    "CALENDAR_DOMAIN": (simply("CALENDAR_DOMAIN"), "127.0.0.1"),
    "NOTIFICATIONS": (simply("NOTIFICATIONS"), True),
    "MAIL_RATE": (simply("MAIL_RATE"), 0),
    "MAIL_LANGUAGE": (simply("MAIL_LANGUAGE"), "en"),
    "INVITES": (simply("INVITES"), "request"),
    "BULK_MAIL": (simply("BULK_MAIL"), "trusted"),
    "INVITES_FROM": (simply("INVITES_FROM"), "EventHub <eventhub@localhost>"),
    "PASSWORD_RESET_URL": (
        simply("PASSWORD_RESET_URL"),
        "http://127.0.0.1:8000/admin/new-password/?token={token}",
    ),
    "EMAIL_VERIFICATION_URL": (
        simply("EMAIL_VERIFICATION_URL"),
        "http://127.0.0.1:8000/admin/verify-email/?token={token}",
    ),
    "EMAIL_VERIFICATION": (simply("EMAIL_VERIFICATION"), "off"),
    "TASKS_BACKEND": (
        lambda values: (
            values["TASKS"]["default"],
            {name: queue["URL"] for name, queue in values["RQ_QUEUES"].items()},
            "django_rq" in values["INSTALLED_APPS"],
        ),
        ({"BACKEND": "eventhub.tasks.in_process.InProcessBackend"}, {}, False),
    ),
    "TIME_ZONE": (simply("TIME_ZONE"), "UTC"),
    "ACCESS_TOKEN_MINUTES": (lambda values: values["SIMPLE_JWT"]["ACCESS_TOKEN_LIFETIME"], timedelta(hours=1)),
    "REFRESH_TOKEN_DAYS": (lambda values: values["SIMPLE_JWT"]["REFRESH_TOKEN_LIFETIME"], timedelta(days=14)),
    "PAGE_SIZE": (lambda values: values["REST_FRAMEWORK"]["PAGE_SIZE"], 50),
    "LOG_LEVEL": (lambda values: values["LOGGING"]["root"]["level"], "INFO"),
    "LOG_FORMAT": (
        lambda values: (values["LOG_FORMAT"], values["LOGGING"]["formatters"]["line"]["()"]),
        ("text", "eventhub.observability.logging.TextFormatter"),
    ),
    "LOG_CLIENT_ADDRESS": (simply("LOG_CLIENT_ADDRESS"), False),
    "PUBLIC_PAGES": (simply("PUBLIC_PAGES"), True),
    "SITE_NAME": (simply("SITE_NAME"), "EventHub"),
    "SITE_COLOUR": (simply("SITE_COLOUR"), "#0f6b68"),
    "SITE_LOGO": (simply("SITE_LOGO"), ""),
    "METRICS": (simply("METRICS"), False),
    "METRICS_TOKEN": (simply("METRICS_TOKEN"), ""),
    "SENTRY_DSN": (lambda values: None, None),  # seen in a process of its own: it needs a package
    "METRICS_ADDRESSES": (simply("METRICS_ADDRESSES"), [ip_network("127.0.0.1/32"), ip_network("::1/128")]),
}
GOOD = [
    *[("DEBUG", text, True) for text in ("1", "true", "True", "YES", "on", " 1 ")],
    *[("DEBUG", text, False) for text in ("0", "false", "No", "off", "")],
    ("ALLOWED_HOSTS", "events.example.org, .example.com ,*", ["events.example.org", ".example.com", "*"]),
    ("ALLOWED_HOSTS", "[2001:db8::1],10.0.0.1,", ["[2001:db8::1]", "10.0.0.1"]),
    (
        "CSRF_TRUSTED_ORIGINS",
        "https://events.example.org, http://*.example.com:8000",
        ["https://events.example.org", "http://*.example.com:8000"],
    ),
    (
        "CORS_ALLOWED_ORIGINS",
        "https://www.example.org, http://localhost:3000,https://[2001:db8::1]:8443",
        (["https://www.example.org", "http://localhost:3000", "https://[2001:db8::1]:8443"], True),
    ),
    ("NUM_PROXIES", "2", (2, ("HTTP_X_FORWARDED_PROTO", "https"))),
    ("TRUSTED_PROXIES", "10.1.0.0/16", [ip_network("10.1.0.0/16")]),
    ("SECURE_SSL_REDIRECT", "1", [True, True, True, "__Host-sessionid", "__Host-csrftoken"]),
    ("SECURE_HSTS_SECONDS", "31536000", 31_536_000),
    ("SECURE_HSTS_INCLUDE_SUBDOMAINS", "1", True),
    ("SECURE_HSTS_PRELOAD", "1", True),
    ("MAX_BODY_BYTES", "1024", 1024),
    ("RETENTION_DAYS", "365", 365),
    ("ORGANIZER_SIGNUP", "closed", "closed"),
    ("ADMIN_REQUIRE_2FA", "1", True),
    ("THROTTLE_CREDENTIALS", "5/hour", "5/hour"),
    ("THROTTLE_CREDENTIALS", "off", None),
    ("THROTTLE_GENERAL", "1/sec", "1/sec"),
    ("THROTTLE_GENERAL", "off", None),
    ("THROTTLE_GUESTS", "10/min", "10/min"),
    ("CAPTCHA_SCRIPT_URL", "https://captcha.example.org/api.js", "https://captcha.example.org/api.js"),
    ("CAPTCHA_SECRET", "0123456789abcdef", "0123456789abcdef"),
    ("CAPTCHA_SITE_KEY", "10000000-ffff", "10000000-ffff"),
    ("DATABASE_URL", "sqlite:///data/main.db", sqlite(str(settings.BASE_DIR / "data/main.db"))),
    ("DATABASE_URL", "sqlite:////srv/main.db", sqlite("/srv/main.db")),
    ("DATABASE_URL", "sqlite://:memory:", sqlite(":memory:")),
    ("DATABASE_URL", "postgres://u:p@h:5432/db", postgres(10)),
    ("DATABASE_URL", "postgresql://u:p%40%24@h:5432/db", postgres(10, PASSWORD="p@$")),
    ("DB_WAIT_SECONDS", "3", (3, 3)),
    ("DB_PGBOUNCER", "1", True),
    ("CACHE_URL", "locmemcache://", {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": ""}),
    (
        "CACHE_URL",
        "rediscache://h:6379/0",
        {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://h:6379/0", "OPTIONS": REDIS},
    ),
    ("EMAIL_URL", "smtp://u:p@h:25", ("django.core.mail.backends.smtp.EmailBackend", "h", 10)),
    *[("DEFAULT_FROM_EMAIL", text, text) for text in ("events@example.org", '"Events, and more" <events@example.org>')],
    *[
        (
            "PUBLIC_URL",
            f"https://events.example.org{path}",
            [
                f"https://events.example.org{path.rstrip('/')}{page}"
                for page in ("", "/admin/new-password/?token={token}", "/admin/verify-email/?token={token}")
            ],
        )
        for path in ("", "/", "/hub", ":8443/hub/")
    ],
    *[
        (name, text, text)
        for name in ("PASSWORD_RESET_URL", "EMAIL_VERIFICATION_URL")
        for text in ("https://app.example.org/#/reset/{token}", "http://localhost:3000/r?t={token}&x=1")
    ],
    *[("EMAIL_VERIFICATION", text, text) for text in ("off", "optional", "required")],
    ("CALENDAR_DOMAIN", "old.example.org", "old.example.org"),
    ("NOTIFICATIONS", "off", False),
    ("MAIL_RATE", "120", 120),
    ("MAIL_LANGUAGE", "de", "de"),
    *[("BULK_MAIL", text, text) for text in ("off", "trusted", "organizers")],
    *[("INVITES", text, text) for text in ("request", "publish", "off")],
    ("INVITES_FROM", "Events <hello@example.org>", "Events <hello@example.org>"),
    ("TASKS_BACKEND", "database", ({"BACKEND": "django_tasks_db.DatabaseBackend"}, {}, False)),
    *[
        ("TASKS_BACKEND", url, ({"BACKEND": "django_tasks_rq.RQBackend"}, {"default": url}, True))
        for url in ("redis://:p@h:6379/0", "rediss://h/1", "unix:///run/redis.sock")
    ],
    ("TIME_ZONE", "Europe/Berlin", "Europe/Berlin"),
    ("ACCESS_TOKEN_MINUTES", "5", timedelta(minutes=5)),
    ("REFRESH_TOKEN_DAYS", "1", timedelta(days=1)),
    ("PAGE_SIZE", "200", 200),
    ("LOG_LEVEL", "WARNING", "WARNING"),
    ("LOG_FORMAT", "json", ("json", "eventhub.observability.logging.JsonFormatter")),
    ("LOG_CLIENT_ADDRESS", "1", True),
    ("PUBLIC_PAGES", "0", False),
    ("SITE_NAME", "Larkmouth & friends", "Larkmouth & friends"),
    ("SITE_COLOUR", "#AABBCC", "#AABBCC"),
    ("SITE_LOGO", "/static/logo.svg", "/static/logo.svg"),
    ("METRICS", "1", True),
    ("METRICS_TOKEN", "0123456789abcdef", "0123456789abcdef"),
    ("METRICS_ADDRESSES", "10.1.0.0/16, 2001:db8::7", [ip_network("10.1.0.0/16"), ip_network("2001:db8::7/128")]),
]
YES_OR_NO = "expected 1 or 0"
NO_RATE = "expected a rate such as 20/min (sec, min, hour or day), or off"
NO_DATABASE = "expected sqlite:///FILE or postgres://USER:PASSWORD@HOST:PORT/NAME"
NO_ZONE = "expected a time zone such as Europe/Berlin"
NO_HOST = "expected names of hosts, separated by commas"
NO_MAILBOX = "expected an address such as EventHub <events@example.org>"
NO_DOMAIN = "expected a domain such as events.example.org"
NO_BASE = "expected a URL such as https://events.example.org"
NO_LINK = "expected a URL with {token} in it, such as https://events.example.org/reset?token={token}"
NO_TASKS = "expected immediate, database or redis://HOST:PORT/0"
NO_EXACT_ORIGIN = "expected origins such as https://www.example.org, each spelled out, separated by commas"
NO_ORIGIN = "expected origins such as https://events.example.org, separated by commas"


NO_SECRET = "expected at least 16 characters of ASCII, without blanks"
NO_DSN = "expected https://KEY@HOST/PROJECT, as Sentry shows it"
NO_NETWORK = "expected addresses or networks such as 10.1.0.0/16, separated by commas"


def between(least, most):
    return f"expected a whole number from {least} to {most}"


WRONG = [
    *[("DEBUG", text, YES_OR_NO) for text in ("maybe", "2", "1 # for now")],
    *[("ALLOWED_HOSTS", text, NO_HOST) for text in ("https://example.org", "example.org:8000", "a b")],
    *[("CSRF_TRUSTED_ORIGINS", text, NO_ORIGIN) for text in ("example.org", "https://example.org/x", "ftp://x", "*")],
    *[
        ("CORS_ALLOWED_ORIGINS", text, NO_EXACT_ORIGIN)
        for text in ("*", "null", "www.example.org", "https://*.example.org", "https://example.org/", "https://a@b")
    ],
    *[("NUM_PROXIES", text, between(0, 10)) for text in ("-1", "11", "one", "1.0", "٣")],
    *[("TRUSTED_PROXIES", text, NO_NETWORK) for text in ("localhost", "10.1.0.1/16")],
    ("SECURE_SSL_REDIRECT", "https", YES_OR_NO),
    *[("SECURE_HSTS_SECONDS", text, between(0, 10**9)) for text in ("-1", "1 year", "1000000001")],
    ("SECURE_HSTS_INCLUDE_SUBDOMAINS", "all", YES_OR_NO),
    ("SECURE_HSTS_PRELOAD", "all", YES_OR_NO),
    *[("MAX_BODY_BYTES", text, between(1024, 1024**3)) for text in ("1023", "1M", "9" * 50)],
    ("ADMIN_REQUIRE_2FA", "all", YES_OR_NO),
    *[("RETENTION_DAYS", text, between(0, 36_500)) for text in ("-1", "365d", "36501")],
    *[("ORGANIZER_SIGNUP", text, "expected one of open, closed") for text in ("Open", "yes", "0")],
    *[("THROTTLE_CREDENTIALS", text, NO_RATE) for text in ("20", "0/min", "20/week", "20/minute", "-1/min", "none")],
    ("THROTTLE_GENERAL", "many", NO_RATE),
    ("THROTTLE_GUESTS", "many", NO_RATE),
    ("CAPTCHA_VERIFY_URL", "captcha.example.org", NO_BASE),
    ("CAPTCHA_SCRIPT_URL", "//captcha.example.org/api.js", NO_BASE),
    ("CAPTCHA_SECRET", "too-short", NO_SECRET),
    ("CAPTCHA_SITE_KEY", "a key", "expected ASCII without blanks"),
    *[("DB_POOL_SIZE", text, between(0, 1000)) for text in ("-1", "1001", "many")],
    *[("DB_WAIT_SECONDS", text, between(1, 3600)) for text in ("0", "3601", "5s")],
    ("DB_PGBOUNCER", "transaction", YES_OR_NO),
    *[("DEFAULT_FROM_EMAIL", text, NO_MAILBOX) for text in ("EventHub", "a@b, c@d", "a@b\nBcc: c@d", "<>")],
    *[("PUBLIC_URL", text, NO_BASE) for text in ("events.example.org", "https://", "ftp://h", "https://h/?a", "//h")],
    *[
        (name, text, NO_LINK)
        for name in ("PASSWORD_RESET_URL", "EMAIL_VERIFICATION_URL")
        for text in ("https://h/reset", "https://h/{token}/{token}", "/reset?{token}", "https://{token}")
    ],
    *[("CALENDAR_DOMAIN", text, NO_DOMAIN) for text in ("https://h", "a b", "h/x", "ö.org")],
    ("NOTIFICATIONS", "no", "expected one of on, off"),
    ("MAIL_RATE", "-1", between(0, 100_000)),
    *[("MAIL_LANGUAGE", text, "expected one of en, de") for text in ("fr", "EN")],
    ("BULK_MAIL", "on", "expected one of off, trusted, organizers"),
    *[("INVITES", text, "expected one of request, publish, off") for text in ("on", "REQUEST")],
    ("INVITES_FROM", "EventHub", NO_MAILBOX),
    *[("EMAIL_VERIFICATION", text, "expected one of off, optional, required") for text in ("on", "1", "Required")],
    *[("TASKS_BACKEND", text, NO_TASKS) for text in ("celery", "Database", "redis")],
    ("DATABASE_REPLICA_URL", "postgres://u:p@h/db", "only PostgreSQL has replicas, and DATABASE_URL is SQLite's"),
    *[("DATABASE_URL", text, NO_DATABASE) for text in ("mysql://u:p@h/db", "db.sqlite3", "postgres", "oracle://h")],
    ("DATABASE_URL", "postgres://u:p@h:port/db", "Port could not be cast to integer value as 'port'"),
    ("CACHE_URL", "memory", "Invalid cache schema "),
    ("CACHE_URL", "nonsense://h", "Invalid cache schema nonsense"),
    ("EMAIL_URL", "mail.example.org", "Invalid email schema "),
    *[
        ("EMAIL_URL", text, "expected a host, as in smtp://USER:PASSWORD@HOST:PORT")
        for text in ("smtp://", "smtp://a..b")
    ],
    ("EMAIL_URL", "smtp://u:p@h:port", "Port could not be cast to integer value as 'port'"),
    *[("TIME_ZONE", text, NO_ZONE) for text in ("Berlin", "Europe", "CEST+1", "../etc/passwd", "/etc/localtime")],
    *[("ACCESS_TOKEN_MINUTES", text, between(1, 525_600)) for text in ("0", "525601", "1h")],
    *[("REFRESH_TOKEN_DAYS", text, between(1, 3650)) for text in ("0", "3651", "1.5")],
    *[("PAGE_SIZE", text, between(1, 200)) for text in ("0", "201", "all")],
    *[("LOG_LEVEL", text, "expected one of DEBUG, INFO, WARNING, ERROR, CRITICAL") for text in ("info", "TRACE", "10")],
    *[("LOG_FORMAT", text, "expected one of text, json") for text in ("JSON", "yaml")],
    ("LOG_CLIENT_ADDRESS", "all", YES_OR_NO),
    ("PUBLIC_PAGES", "open", YES_OR_NO),
    ("SITE_NAME", "<b>", "expected at most 80 characters"),
    ("SITE_COLOUR", "teal", "expected a colour such as #0f6b68"),
    (
        "SITE_LOGO",
        "logo.svg",
        "expected the URL of a picture, or its path on this server, such as /static/logo.svg",
    ),
    ("METRICS", "prometheus", YES_OR_NO),
    *[("METRICS_TOKEN", text, NO_SECRET) for text in ("too-short", "with blanks in between", "ä" * 16)],
    *[("SENTRY_DSN", text, NO_DSN) for text in ("sentry.example.org", "https://sentry.example.org/1", "key@host/1")],
    *[("METRICS_ADDRESSES", text, NO_NETWORK) for text in ("localhost", "10.1.0.0/33", "10.1.0.1/16")],
]


def test_sentry_needs_its_package():
    ended = start(
        "-c",
        "import sys; sys.modules['sentry_sdk'] = None; import eventhub.wsgi",
        SECRET_KEY=KEY,
        SENTRY_DSN="https://the-secret@sentry.example.org/1",
    )
    problem = "SENTRY_DSN is set, but the package sentry-sdk is not installed: pip install sentry-sdk"
    last = f"django.core.exceptions.ImproperlyConfigured: {problem}"
    assert (ended.returncode, ended.stderr.splitlines()[-1], "the-secret" in ended.stderr) == (1, last, False)


def test_this_file_knows_every_variable(monkeypatch):
    """One that is new takes a row in each of the three tables."""
    asked, read = [], env.read
    monkeypatch.setattr(env, "read", lambda name, *args: asked.append(name) or read(name, *args))
    load()
    assert sorted(asked) == sorted(VARIABLES)
    by_themselves = {"DB_POOL_SIZE", "DATABASE_REPLICA_URL", "SENTRY_DSN", "CAPTCHA_VERIFY_URL"}
    assert {name for name, *_ in GOOD} | by_themselves == set(VARIABLES) == {name for name, *_ in WRONG}


@pytest.mark.parametrize("name", VARIABLES)
def test_defaults(name):
    seen, default = VARIABLES[name]
    assert seen(load()) == default


@pytest.mark.parametrize(("name", "text", "value"), GOOD)
def test_good_values(name, text, value):
    assert VARIABLES[name][0](load(**{name: text})) == value


@pytest.mark.parametrize(("port", "url"), [("8101", "http://127.0.0.1:8101"), ("", "http://127.0.0.1:8000")])
def test_links_lead_to_the_port_that_gunicorn_listens_at(port, url):
    assert load(PORT=port)["PUBLIC_URL"] == url


@pytest.mark.parametrize(
    ("variables", "domain"),
    [
        ({"PUBLIC_URL": "https://Events.example.org:8443/hub"}, "events.example.org"),
        ({"PUBLIC_URL": "http://[2001:db8::1]:8000"}, "2001:db8::1"),
        ({"PUBLIC_URL": "https://new.example.org", "CALENDAR_DOMAIN": "old.example.org"}, "old.example.org"),
    ],
)
def test_the_domain_of_calendar_entries_is_the_host_of_the_public_url_or_one_of_its_own(variables, domain):
    assert load(**variables)["CALENDAR_DOMAIN"] == domain


@pytest.mark.parametrize(("size", "pool"), [("0", 0), ("1", 1), ("1000", 1000)])
def test_the_pool_has_the_size_that_is_asked_for(size, pool):
    assert database(load(DATABASE_URL="postgres://u:p@h:5432/db", DB_POOL_SIZE=size)) == postgres(pool)


def test_nobody_waits_for_the_pool_longer_than_for_an_answer():
    values = load(DATABASE_URL="postgres://u:p@h:5432/db", DB_WAIT_SECONDS="3")
    assert values["DATABASES"]["default"]["OPTIONS"]["pool"]["timeout"] == 3


def test_a_socket_is_named_by_its_folder():
    config = database(load(DATABASE_URL="postgres://u@/db?host=/run/postgresql"))
    assert (config["NAME"], config["HOST"], config["OPTIONS"]["host"]) == ("db", "", "/run/postgresql")


PRIMARY, REPLICA = "postgres://u:p@h:5432/db", "postgres://u:p@replica:5432/db"


def test_a_replica_is_another_database_with_a_connection_for_each_thread():
    values = load(DATABASE_URL=PRIMARY, DATABASE_REPLICA_URL=f"{REPLICA}?connect_timeout=9")
    replica = values["DATABASES"]["replica"]
    assert (replica["HOST"], replica["CONN_MAX_AGE"], values["DATABASE_ROUTERS"]) == (
        "replica",
        None,
        ["eventhub.db.routers.Router"],
    )
    assert (replica["OPTIONS"]["connect_timeout"], replica["OPTIONS"]["tcp_user_timeout"]) == (9, 2000)
    assert "pool" not in replica["OPTIONS"]


@pytest.mark.parametrize("text", ["mysql://u:p@h/db", "sqlite:///replica.sqlite3", "replica.example.org"])
def test_a_replica_that_cannot_be_one_stops_the_start(text):
    problem = "DATABASE_REPLICA_URL: expected postgres://USER:PASSWORD@HOST:PORT/NAME"
    with pytest.raises(ImproperlyConfigured, match=f"^{re.escape(problem)}$"):
        load(DATABASE_URL=PRIMARY, DATABASE_REPLICA_URL=text)


def test_behind_pgbouncer_nothing_stays_on_a_connection():
    values = load(DATABASE_URL=PRIMARY, DATABASE_REPLICA_URL=REPLICA, DB_PGBOUNCER="1")
    for config in values["DATABASES"].values():
        assert (config["DISABLE_SERVER_SIDE_CURSORS"], config["OPTIONS"]["prepare_threshold"]) == (True, None)
        assert "options" not in config["OPTIONS"]  # PgBouncer refuses them


def test_what_a_url_asks_of_a_session_goes_before_what_we_would():
    (config,) = load(DATABASE_URL=f"{PRIMARY}?options=-c%20jit%3Don")["DATABASES"].values()
    assert config["OPTIONS"]["options"] == "-c jit=on"


@pytest.mark.parametrize(("name", "text", "problem"), WRONG)
def test_a_wrong_value_stops_the_start_and_is_named(name, text, problem):
    shown = "" if name.endswith(("_URL", "_TOKEN", "_DSN", "_KEY", "_SECRET")) or "://" in text else f"={text!r}"
    with pytest.raises(ImproperlyConfigured, match=f"^{re.escape(f'{name}{shown}: {problem}')}$"):
        load(**{name: text})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("DATABASE_URL", "postgres://u:the-secret@h:port/db"),
        ("DATABASE_REPLICA_URL", "mysql://u:the-secret@h/db"),
        ("EMAIL_URL", "smtp://u:the-secret@h:port"),
        ("CACHE_URL", "memory://u:the-secret@h"),
        ("SECRET_KEY", "the-secret"),
    ],
)
def test_a_message_shows_no_secret(name, text):
    with pytest.raises(ImproperlyConfigured) as refused:
        load(**{"DATABASE_URL": PRIMARY, name: text})
    assert "the-secret" not in str(refused.value)


@pytest.mark.parametrize("name", ["SECRET_KEY", "METRICS_TOKEN", "SENTRY_DSN", "DATABASE_URL", "SMTP_PASSWORD"])
def test_no_value_that_is_a_secret_by_its_name_is_shown(name):
    with mock.patch.dict(os.environ, {name: "the-secret"}), pytest.raises(ImproperlyConfigured) as refused:
        env.read(name, "", env.boolean)
    assert str(refused.value) == f"{name}: expected 1 or 0"


# The key -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["", "too-short", "x" * 31])
def test_a_key_is_needed_and_the_message_says_how_to_make_one(key):
    with pytest.raises(ImproperlyConfigured, match=r"^SECRET_KEY must be set, to at least 32 bytes") as refused:
        load(SECRET_KEY=key)
    program = re.search(r'python -c "(.*)"$', str(refused.value))[1]
    made = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()
    assert load(SECRET_KEY=made)["SECRET_KEY"] == made


def test_a_key_may_be_anything_else():
    for key in ("x" * 32, "ü" * 16, "$HOME" * 10, " spaces and = signs and # signs, 32 of them"):
        assert load(SECRET_KEY=key)["SECRET_KEY"] == key


def test_debugging_starts_without_a_key_but_not_with_a_short_one():
    assert len(load(SECRET_KEY="", DEBUG="1")["SECRET_KEY"]) >= 32
    with pytest.raises(ImproperlyConfigured, match=r"^SECRET_KEY"):
        load(SECRET_KEY="too-short", DEBUG="1")


# The file ------------------------------------------------------------------------------------------------------------


def test_variables_come_from_a_file_and_those_of_the_process_win(tmp_path):
    path = tmp_path / "env"
    path.write_text(
        f"# a comment\nSECRET_KEY={'f' * 40}\nPAGE_SIZE=7\nexport LOG_LEVEL='ERROR'\nTIME_ZONE=Asia/Tokyo\n"
    )
    with mock.patch.dict(os.environ, {"ENV_FILE": str(path), "TIME_ZONE": "Europe/Berlin"}, clear=True):
        values = runpy.run_path(str(SETTINGS))
    seen = {name: VARIABLES[name][0](values) for name in ("PAGE_SIZE", "LOG_LEVEL", "TIME_ZONE")}
    assert seen == {"PAGE_SIZE": 7, "LOG_LEVEL": "ERROR", "TIME_ZONE": "Europe/Berlin"}
    assert values["SECRET_KEY"] == "f" * 40


def test_a_key_from_a_file_may_have_a_dollar_sign(tmp_path):
    path = tmp_path / "env"
    path.write_text("SECRET_KEY=$abc-with-a-dollar-and-thirty-two-bytes\n")
    with mock.patch.dict(os.environ, {"ENV_FILE": str(path)}, clear=True):
        assert runpy.run_path(str(SETTINGS))["SECRET_KEY"] == "$abc-with-a-dollar-and-thirty-two-bytes"


# Starts --------------------------------------------------------------------------------------------------------------

# The environment that operators copy, word for word, with a key.
EXAMPLE = (settings.BASE_DIR / "docs" / "deploy" / "eventhub.env").read_text()
PRODUCTION = {
    **dict(re.findall(r"^([A-Z_]+)=(.+)$", EXAMPLE, re.MULTILINE)),
    "SECRET_KEY": secrets.token_urlsafe(50),
}


def start(*command, **variables):
    environ = {"PATH": os.environ["PATH"], "ENV_FILE": "no-file", **variables}
    return subprocess.run(
        [sys.executable, "-W", "error", *command],
        cwd=settings.BASE_DIR,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )


def test_manage_does_not_start_without_a_key():
    ended = start("manage.py", "check")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "ImproperlyConfigured: SECRET_KEY must be set" in ended.stderr.splitlines()[-1]


def test_a_worker_does_not_start_on_a_wrong_value():
    ended = start("-c", "import eventhub.wsgi", SECRET_KEY=KEY, PAGE_SIZE="all")
    last = "django.core.exceptions.ImproperlyConfigured: PAGE_SIZE='all': expected a whole number from 1 to 200"
    assert (ended.returncode, ended.stderr.splitlines()[-1]) == (1, last)


def test_debugging_starts_with_nothing_set():
    ended = start("manage.py", "check", DEBUG="1")
    assert (ended.returncode, ended.stdout, ended.stderr) == (
        0,
        "System check identified no issues (3 silenced).\n",
        "",
    )


def test_the_check_for_production_fails_with_a_warning():
    ended = start("manage.py", "check", "--deploy", "--fail-level", "WARNING", **{**PRODUCTION, "ALLOWED_HOSTS": "*"})
    assert (ended.returncode, re.findall(r"\((\w+\.W\d+)\)", ended.stderr)) == (1, ["eventhub.W002"])


def test_redis_takes_a_package_and_the_message_names_the_variable_and_no_password(monkeypatch):
    monkeypatch.setattr(env, "find_spec", lambda name: None)
    problem = "TASKS_BACKEND: Redis needs the package django-tasks-rq: pip install django-tasks-rq"
    with pytest.raises(ImproperlyConfigured, match=f"^{problem}$"):
        load(TASKS_BACKEND="redis://:the-secret@h/0")


def test_the_example_for_production_is_whole():
    """Else the silence would say nothing."""
    asked = {"DATABASE_URL", "ALLOWED_HOSTS", "NUM_PROXIES", "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS"}
    assert asked <= set(PRODUCTION)


@pytest.mark.parametrize(
    ("variables", "ids"),
    [
        ({}, []),
        ({"ORGANIZER_SIGNUP": ""}, ["accounts.W001"]),
        ({"ORGANIZER_SIGNUP": "open"}, ["accounts.W001"]),
        ({"PUBLIC_URL": ""}, ["accounts.W002"]),
        ({"EMAIL_URL": ""}, ["accounts.W003"]),
        ({"DEFAULT_FROM_EMAIL": ""}, ["accounts.W004"]),
        ({"DEBUG": "1"}, ["security.W018"]),
        ({"SECRET_KEY": "this is the secret key of our production server, please do not look"}, ["eventhub.W001"]),
        ({"SECRET_KEY": "CHANGE-ME-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789"}, ["eventhub.W001"]),
        ({"SECRET_KEY": "x" * 60}, ["security.W009"]),
        ({"ALLOWED_HOSTS": "*"}, ["eventhub.W002"]),
        ({"CSRF_TRUSTED_ORIGINS": "http://events.example.org"}, ["eventhub.W003"]),
        ({"CORS_ALLOWED_ORIGINS": "https://www.example.org,http://www.example.org"}, ["eventhub.W003"]),
        ({"CACHE_URL": "locmemcache://"}, ["eventhub.W004"]),
        ({"CACHE_URL": "dummycache://"}, ["eventhub.W004"]),
        ({"THROTTLE_CREDENTIALS": "off"}, ["eventhub.W005"]),
        ({"THROTTLE_GENERAL": "off"}, ["eventhub.W005"]),
        ({"NUM_PROXIES": "0"}, ["eventhub.W006"]),
        ({"INVITES_FROM": "No reply <noreply@example.org>"}, ["eventhub.W007"]),
        ({"DEFAULT_FROM_EMAIL": "EventHub <do-not-reply@example.org>"}, ["eventhub.W007"]),
        ({"SECURE_SSL_REDIRECT": "0"}, ["security.W008", "security.W010", "security.W016"]),
        ({"SECURE_HSTS_SECONDS": "0"}, ["security.W004"]),
    ],
    ids=str,
)
def test_the_check_for_production_warns_of_what_is_not_safe(variables, ids):
    """Checks of variables have the tag `security`. Databases and apps stay as they are: no check reads them."""
    values = load(**{**PRODUCTION, **variables})
    known = {name: value for name, value in values.items() if name.isupper()}
    with override_settings(**{name: known[name] for name in known.keys() - {"DATABASES", "INSTALLED_APPS"}}):
        said = run_checks(tags=[Tags.security], include_deployment_checks=True)
    said = [each for each in said if each.id not in values["SILENCED_SYSTEM_CHECKS"]]
    assert sorted(each.id for each in said) == ids
    assert PRODUCTION["SECRET_KEY"] not in str(said)


@pytest.mark.parametrize(
    ("given", "bound"),
    [("0.0.0.0", "0.0.0.0"), ("localhost", "localhost"), ("::", "[::]"), ("[::1]", "[::1]")],
)
def test_an_address_to_listen_at_may_be_one_of_ipv6(given, bound):
    assert env.address(given) == bound


@pytest.mark.parametrize("given", ["unix:/run/socket", "fd://3", "a b", "127.0.0.1:80/x"])
def test_what_is_no_address_is_refused(given):
    with pytest.raises(ValueError, match="expected an address to listen at"):
        env.address(given)


@pytest.mark.parametrize(
    ("of_container", "given"),
    [("150000 100000", 2), ("50000 100000", 1), ("max 100000", None), ("99900000 100000", None)],
)
def test_gunicorn_starts_a_worker_for_each_core_that_its_container_was_given(tmp_path, of_container, given):
    (tmp_path / "cpu.max").write_text(of_container)
    seen = env.cores(tmp_path / "nothing")
    assert seen == len(os.sched_getaffinity(0))
    assert env.cores(tmp_path / "cpu.max") == min(seen, given or seen)
