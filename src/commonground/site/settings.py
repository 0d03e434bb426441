"""Django's settings, all from the environment; docs/reference/settings.md lists them (a test compares).

One folder, `COMMONGROUND_HOME`, holds everything that a portal keeps: database, search index, secrets.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import dj_database_url
import django_stubs_ext
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from commonground.catalog.grace import Grace
from commonground.errors import Misconfigured
from commonground.site import logs
from commonground.site.environment import choice, flag, listed, number, setting, write_once

django_stubs_ext.monkeypatch()

BASE = Path(__file__).resolve().parent.parent
HOME = Path(setting("COMMONGROUND_HOME")).expanduser().resolve()


def _secret_key() -> str:
    """From the environment, else made once for this home and readable by its owner only."""
    given = setting("COMMONGROUND_SECRET_KEY")
    if given:
        return given
    path = HOME / "secret-key"
    try:
        if not path.exists():
            HOME.mkdir(parents=True, exist_ok=True)
            write_once(path, secrets.token_urlsafe(50))
        return path.read_text()
    except OSError as error:
        advice = "Set COMMONGROUND_HOME to a folder that you may write."
        raise Misconfigured(f"The home {HOME} cannot be used: {error.strerror}.", advice=advice) from error


SECRET_KEY = _secret_key()
DEBUG = flag("COMMONGROUND_DEBUG")
ALLOWED_HOSTS = listed("COMMONGROUND_HOSTS")
SITE_URL = setting("COMMONGROUND_URL").rstrip("/")
CSRF_TRUSTED_ORIGINS = [SITE_URL]
CSRF_FAILURE_VIEW = "commonground.pages.errors.not_ours"
ALLOW_PRIVATE = flag("COMMONGROUND_ALLOW_PRIVATE")
CONTACT = setting("COMMONGROUND_CONTACT")
CITIES = [Path(folder) for folder in listed("COMMONGROUND_CITIES")]
TABLES_NO_DOWNLOAD = listed("COMMONGROUND_TABLES_NO_DOWNLOAD")
ADMIN = flag("COMMONGROUND_ADMIN")
BEHIND_PROXY = flag("COMMONGROUND_BEHIND_PROXY")
RATE = number("COMMONGROUND_RATE")
CHECK_MB = number("COMMONGROUND_CHECK_MB", most=1_000)
METRICS_TOKEN = setting("COMMONGROUND_METRICS_TOKEN")
LOGGING = logs.configuration(choice("COMMONGROUND_LOG", "json", "text"))
ENGINE = setting("COMMONGROUND_ENGINE")
BUILD = choice("COMMONGROUND_BUILD", "off", "all")
EMBEDDER = choice("COMMONGROUND_EMBEDDER", "minilm")
GRACE = Grace(
    days=number("COMMONGROUND_GRACE_DAYS", most=36_500),
    runs=int(number("COMMONGROUND_GRACE_RUNS")),
    share=number("COMMONGROUND_REMOVAL_SHARE", most=1),
)

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "csp",
    "commonground.pages",
    "commonground.work",
    "commonground.catalog",
    "commonground.overlap",
    "commonground.tables",
    "commonground.api",
    "commonground.site",
]

MIDDLEWARE = [
    "commonground.site.requests.Requests",
    "commonground.site.health.Probes",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "commonground.pages.policy.PermissionsPolicy",
    "commonground.pages.limits.Limits",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "commonground.pages.language.ChosenLanguage",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "commonground.pages.errors.HouseErrors",
]

ROOT_URLCONF = "commonground.site.urls"
WSGI_APPLICATION = "commonground.site.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "commonground.pages.context.frame",
                "commonground.catalog.context.source",
            ],
        },
    }
]


def _database() -> dict[str, Any]:
    """PostgreSQL by its address, else SQLite in the home."""
    given = setting("DATABASE_URL") or f"sqlite:///{HOME / 'commonground.sqlite3'}"
    try:
        return {**dj_database_url.parse(given, conn_max_age=60, conn_health_checks=True)}
    except ValueError as error:  # the address may hold a password, so it is not repeated
        advice = "Write it as postgresql://USER:PASSWORD@HOST:5432/NAME."
        raise Misconfigured("DATABASE_URL is no address of a database.", advice=advice) from error


DATABASES: dict[str, dict[str, Any]] = {"default": _database()}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 30,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=30000;",
    }
else:
    _OPTIONS = DATABASES["default"].setdefault("OPTIONS", {})
    _OPTIONS.setdefault("connect_timeout", 10)
    # As long as SQLite waits: a lock that nobody lets go of would else hold up a harvest for ever.
    _OPTIONS.setdefault("options", "-c lock_timeout=30s")

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "home"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("es", _("Spanish"))]
LOCALE_PATHS = [BASE / "pages" / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = None  # files are served from the package, built assets included; nothing is collected
WHITENOISE_USE_FINDERS = True
WHITENOISE_MIMETYPES = {".mjs": "text/javascript"}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
_HTTPS = SITE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
