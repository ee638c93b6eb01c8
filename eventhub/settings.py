"""The settings, read from environment variables; docs/configuration.md lists them all."""

import os
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from environ import Env

from eventhub import env
from eventhub.admin import theme
from eventhub.env import read
from eventhub.observability import logging, sentry

BASE_DIR = Path(__file__).resolve().parent.parent
env.load_env_file(BASE_DIR / os.environ.get("ENV_FILE", ".env"))

# Hosts, HTTPS and limits ---------------------------------------------------------------------------------------------
DEBUG = read("DEBUG", "0", env.boolean)
SECRET_KEY = os.environ.get("SECRET_KEY", "") or ("insecure-key-for-debugging-on-one-machine-only" if DEBUG else "")
if len(SECRET_KEY.encode()) < 32:
    raise ImproperlyConfigured(
        "SECRET_KEY must be set, to at least 32 bytes (only DEBUG=1 starts without it). Make one with: "
        'python -c "import secrets; print(secrets.token_urlsafe(50))"'
    )
ALLOWED_HOSTS = read("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]", env.hosts)
CSRF_TRUSTED_ORIGINS = read("CSRF_TRUSTED_ORIGINS", "", env.origins)
# The number of our proxies: that many addresses of X-Forwarded-For are trusted, and X-Forwarded-Proto.
NUM_PROXIES = read("NUM_PROXIES", "0", env.whole_number(0, 10))
TRUSTED_PROXIES = read("TRUSTED_PROXIES", "127.0.0.0/8,::1/128", env.networks)  # the peers that may set them
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if NUM_PROXIES else None
SECURE_SSL_REDIRECT = read("SECURE_SSL_REDIRECT", "0", env.boolean)
# Monitoring asks a worker directly, without the proxy that speaks HTTPS.
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)/?$"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT
if SECURE_SSL_REDIRECT:  # browsers accept cookies with this prefix from this very host alone, and over HTTPS
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = read("SECURE_HSTS_SECONDS", "0", env.whole_number(0, 10**9))
SECURE_HSTS_INCLUDE_SUBDOMAINS = read("SECURE_HSTS_INCLUDE_SUBDOMAINS", "0", env.boolean)
SECURE_HSTS_PRELOAD = read("SECURE_HSTS_PRELOAD", "0", env.boolean)
# Origins whose pages may call the API with a token, never with our cookies.
CORS_ALLOWED_ORIGINS = read("CORS_ALLOWED_ORIGINS", "", env.exact_origins)
CORS_URLS_REGEX = r"^/(?!(admin|static|docs|metrics|healthz|readyz)(/|$))"  # the API, and unknown paths
CORS_ALLOW_HEADERS = (
    *("accept", "authorization", "content-type", "idempotency-key", "if-match", "if-none-match", "x-request-id"),
    *("baggage", "traceparent", "tracestate", "x-requested-with"),  # which browsers' monitoring and libraries add
)
CORS_EXPOSE_HEADERS = ("ETag", "Idempotent-Replayed", "Retry-After", "WWW-Authenticate", "X-Request-ID")
MAX_BODY_BYTES = read("MAX_BODY_BYTES", str(1024 * 1024), env.whole_number(1024, 1024**3))
# Days after an event's end when its attendees become anonymous (registrations/services/retention.py); 0: never.
RETENTION_DAYS = read("RETENTION_DAYS", "0", env.whole_number(0, 36_500))
ORGANIZER_SIGNUP = read("ORGANIZER_SIGNUP", "open", env.choice("open", "closed"))
THROTTLE_CREDENTIALS = read("THROTTLE_CREDENTIALS", "20/min", env.rate)
# Registrations without an account that are requested for one event.
THROTTLE_GUESTS = read("THROTTLE_GUESTS", "1000/hour", env.rate)
THROTTLE_GENERAL = read("THROTTLE_GENERAL", "600/min", env.rate)

# Databases and caches ------------------------------------------------------------------------------------------------
DB_PGBOUNCER = read("DB_PGBOUNCER", "0", env.boolean)
# How long a request waits for a reply of the database (eventhub/db/postgresql/base.py).
DB_WAIT_SECONDS = read("DB_WAIT_SECONDS", "10", env.whole_number(1, 3600))
_pool_size = read("DB_POOL_SIZE", "10", env.whole_number(0, 1000))
_database = env.database(_pool_size, BASE_DIR, wait=DB_WAIT_SECONDS, pgbouncer=DB_PGBOUNCER)
DATABASES = {"default": read("DATABASE_URL", "sqlite:///db.sqlite3", _database)}
if _replica := read("DATABASE_REPLICA_URL", "", env.replica(DATABASES["default"], pgbouncer=DB_PGBOUNCER)):
    DATABASES["replica"] = _replica
    DATABASE_ROUTERS = ["eventhub.db.routers.Router"]
CACHES = {"default": read("CACHE_URL", "dbcache://eventhub_cache", Env.cache_url_config)}
if CACHES["default"]["BACKEND"].endswith("DatabaseCache"):
    # A full cache drops entries that are still needed: a flood of names would reset the throttles.
    CACHES["default"].setdefault("OPTIONS", {}).setdefault("MAX_ENTRIES", 100_000)
if CACHES["default"]["BACKEND"].endswith("RedisCache"):
    timeouts = {"socket_connect_timeout": 2, "socket_timeout": 2}
    CACHES["default"]["OPTIONS"] = timeouts | CACHES["default"].get("OPTIONS", {})
    CACHES["throttling"] = CACHES["default"]
else:  # one for each process, so that counting a request costs no statement
    CACHES["throttling"] = {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "throttling",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# models.W040: SQLite ignores an index's INCLUDE. admin.E408 to E410: AdminMiddleware has the three that they miss.
SILENCED_SYSTEM_CHECKS = ["models.W040", "admin.E408", "admin.E409", "admin.E410"]

# Mail and tasks ------------------------------------------------------------------------------------------------------
EMAIL_TIMEOUT = 10
vars().update(read("EMAIL_URL", "consolemail://", env.mail_server))
DEFAULT_FROM_EMAIL = read("DEFAULT_FROM_EMAIL", "EventHub <eventhub@localhost>", env.mailbox)
# The beginning of links in mails: a client can write anything into a Host header.
PUBLIC_URL = read("PUBLIC_URL", f"http://127.0.0.1:{os.environ.get('PORT') or 8000}", env.base_url)
PASSWORD_RESET_URL = read("PASSWORD_RESET_URL", f"{PUBLIC_URL}/admin/new-password/?token={{token}}", env.link)
EMAIL_VERIFICATION_URL = read("EMAIL_VERIFICATION_URL", f"{PUBLIC_URL}/admin/verify-email/?token={{token}}", env.link)
# Calendar entries (events/calendar_entry.py).
CALENDAR_DOMAIN = read("CALENDAR_DOMAIN", urlsplit(PUBLIC_URL).hostname or "localhost", env.domain)
INVITES = read("INVITES", "request", env.choice("request", "publish", "off"))
INVITES_FROM = read("INVITES_FROM", DEFAULT_FROM_EMAIL, env.mailbox)
# For guests (eventhub/http/captcha.py). The script and the key of the site are for the form of the public pages.
CAPTCHA_VERIFY_URL = read("CAPTCHA_VERIFY_URL", "", env.optional_url)
CAPTCHA_SECRET = read("CAPTCHA_SECRET", "", env.secret)
CAPTCHA_SITE_KEY = read("CAPTCHA_SITE_KEY", "", env.site_key)
CAPTCHA_SCRIPT_URL = read("CAPTCHA_SCRIPT_URL", "", env.optional_url)
if CAPTCHA_VERIFY_URL and not CAPTCHA_SECRET:
    raise ImproperlyConfigured("CAPTCHA_SECRET must be set: CAPTCHA_VERIFY_URL is asked with it.")
# The pages and the API for everybody (public_pages/), and what the pages look like.
PUBLIC_PAGES = read("PUBLIC_PAGES", "1", env.boolean)
SITE_NAME = read("SITE_NAME", "EventHub", env.site_name)
SITE_COLOUR = read("SITE_COLOUR", "#0f6b68", env.colour)
SITE_LOGO = read("SITE_LOGO", "", env.picture)
EMAIL_VERIFICATION = read("EMAIL_VERIFICATION", "off", env.choice("off", "optional", "required"))
# Mails to attendees (notifications/): off reads no log. At most so many mails a minute; 0: no limit.
NOTIFICATIONS = read("NOTIFICATIONS", "on", env.choice("on", "off")) == "on"
# Who may write to attendees: nobody, organizers whom an admin trusts, or all organizers.
_writers = "trusted" if ORGANIZER_SIGNUP == "open" else "organizers"
BULK_MAIL = read("BULK_MAIL", _writers, env.choice("off", "trusted", "organizers"))
# The language of mails to people who chose none, about events without one.
MAIL_LANGUAGE = read("MAIL_LANGUAGE", "en", env.choice("en", "de"))
MAIL_RATE = read("MAIL_RATE", "0", env.whole_number(0, 100_000))
TASKS = {"default": read("TASKS_BACKEND", "immediate", env.tasks)}
RQ_QUEUES = {"default": TASKS["default"].pop("QUEUE")} if "QUEUE" in TASKS["default"] else {}
RQ = {"JOB_CLASS": "eventhub.tasks.redis_jobs.Job"}  # so that `manage.py rqworker` needs no option

# Time and language --------------------------------------------------------------------------------------------------
TIME_ZONE = read("TIME_ZONE", "UTC", env.time_zone)
USE_TZ = True
USE_I18N = True  # no middleware chooses a language: only mails and their pages have another than English
FORMAT_MODULE_PATH = "eventhub.formats"

# Apps and middleware -------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "eventhub",  # before Django, whose `migrate` it replaces
    "eventhub.apps.BackOfficeConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "corsheaders",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "simple_history",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "django_tasks",
    "django_tasks_db",
    *(["django_rq"] if RQ_QUEUES else []),
    "accounts",
    "events",
    "registrations",
    "notifications",
    "checkin",
    "public_pages",
]
MIDDLEWARE = [
    # Each response has an id and is logged, also one that another middleware returns.
    "eventhub.http.request_id.RequestIdMiddleware",
    *(["corsheaders.middleware.CorsMiddleware"] if CORS_ALLOWED_ORIGINS else []),
    # Each response has its security headers, also a static file and an error.
    "eventhub.http.security_headers.SecurityHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "eventhub.http.static_files.StaticFilesMiddleware",
    # Django's sessions, accounts and messages and the second factor, for paths under /admin/ alone.
    "eventhub.admin.middleware.AdminMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    # Counts requests that never reach a view of the API, such as those for unknown paths.
    "eventhub.api.throttling.ThrottleMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "eventhub.urls"
WSGI_APPLICATION = "eventhub.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "eventhub" / "templates"],  # before unfold's
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "eventhub" / "static"]
# Static files are served from the packages, without collectstatic.
WHITENOISE_USE_FINDERS = True
WHITENOISE_ALLOW_ALL_ORIGINS = False

# Accounts -----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = ["accounts.hashers.Argon2"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}Validator"}
    for name in ("UserAttributeSimilarity", "MinimumLength", "CommonPassword", "NumericPassword")
]
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=read("ACCESS_TOKEN_MINUTES", "60", env.whole_number(1, 60 * 24 * 365))),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=read("REFRESH_TOKEN_DAYS", "14", env.whole_number(1, 3650))),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "CHECK_REVOKE_TOKEN": True,
    "LEEWAY": timedelta(seconds=10),  # a token of a server whose clock is ahead was made in the future
}

# The back office ----------------------------------------------------------------------------------------------------
UNFOLD = theme.UNFOLD
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
CSRF_FAILURE_VIEW = "eventhub.admin.login.csrf_failure"
ADMIN_REQUIRE_2FA = read("ADMIN_REQUIRE_2FA", "0", env.boolean)
OTP_TOTP_ISSUER = "EventHub"

# The API ------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.TablePermission"],
    "DEFAULT_RENDERER_CLASSES": ["eventhub.api.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["eventhub.api.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "eventhub.api.pagination.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": [f"eventhub.api.filters.{name}" for name in ("KnownParameters", "Filters", "Search")],
    "DEFAULT_SCHEMA_CLASS": "eventhub.api.openapi.ContractSchema",
    "DEFAULT_METADATA_CLASS": None,
    "URL_FORMAT_OVERRIDE": None,
    "EXCEPTION_HANDLER": "eventhub.api.exception_handler.exception_handler",
    "PAGE_SIZE": read("PAGE_SIZE", "50", env.whole_number(1, 200)),
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "TEST_REQUEST_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}
SPECTACULAR_SETTINGS = {
    "TITLE": "EventHub",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "DESCRIPTION": "Announce events, take registrations for a limited number of seats, know who came.",
    "LICENSE": {"name": "MIT", "identifier": "MIT"},
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "PREPROCESSING_HOOKS": ["eventhub.api.openapi.hide_slash_aliases"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "eventhub.api.openapi.add_shared_components",
    ],
    "ENUM_NAME_OVERRIDES": {
        "EventStatus": "events.models.EventStatus",
        "Language": "eventhub.languages.Language",
        "FeedKind": "registrations.models.FeedKind",
        "MailKind": "notifications.models.Kind",
        "MessageState": "notifications.models.MessageState",
        "Telling": "events.models.Telling",
        "TagKind": "events.models.TagKind",
        "RegistrationStatus": "registrations.models.RegistrationStatus",
        "AttendeeInputStatusEnum": ("registered", "waitlisted"),
        "ScanKind": "checkin.models.ScanKind",
        "ScanResult": "checkin.models.ScanResult",
        "Role": "accounts.models.Role",
        "TeamRole": "events.models.TeamRole",
    },
    "COMPONENT_SPLIT_REQUEST": True,
    # Closed groups: of more than 150 lines Swagger UI draws only those in view, and nobody would find the others.
    "SWAGGER_UI_SETTINGS": {"persistAuthorization": True, "displayRequestDuration": True, "docExpansion": "none"},
}

# Logs, metrics and errors --------------------------------------------------------------------------------------------
LOG_LEVEL = read("LOG_LEVEL", "INFO", env.choice("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"))
LOG_FORMAT = read("LOG_FORMAT", "text", env.choice("text", "json"))
LOG_CLIENT_ADDRESS = read("LOG_CLIENT_ADDRESS", "0", env.boolean)
LOGGING = logging.of_service(LOG_FORMAT, LOG_LEVEL)
METRICS = read("METRICS", "0", env.boolean)
METRICS_TOKEN = read("METRICS_TOKEN", "", env.secret)
METRICS_ADDRESSES = read("METRICS_ADDRESSES", "127.0.0.1/32,::1/128", env.networks)
if _dsn := read("SENTRY_DSN", "", env.dsn):
    sentry.start(_dsn, release=str(SPECTACULAR_SETTINGS["VERSION"]))
