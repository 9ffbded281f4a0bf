"""Django's settings. What an installation may change comes from the environment; see `environment.py`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from regulars.config.environment import database, env, home, package_folder, secret_key, single_sign_on

HOME = home()
DEBUG = env.bool("REGULARS_DEBUG", default=False)
SECRET_KEY = secret_key(HOME)
# The machine itself may always ask: watchdogs beside the server call it by these names.
ALLOWED_HOSTS = [*env.list("REGULARS_HOSTS", default=[]), "localhost", "127.0.0.1", "[::1]"]

# Where the page of the API has its scripts. Not an installed app: every command would wait until pydantic is loaded.
NINJA = package_folder("ninja")

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "axes",
    "django_tasks_db",
    "regulars.base",
    "regulars.base.mail",
    "regulars.base.webhooks",
    "regulars.facts",
    "regulars.insight",
    "regulars.plan",
    "regulars.web",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
]
AUTH_USER_MODEL = "base.Member"
DATABASES = {"default": database(HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

ROOT_URLCONF = "regulars.config.urls"
WSGI_APPLICATION = "regulars.config.wsgi.application"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "regulars.web.middleware.content_security_policy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "regulars.web.middleware.OnlyText",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "regulars.web.middleware.language",
    "regulars.web.middleware.LoginRequired",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "regulars.web.middleware.Refusals",
    "allauth.account.middleware.AccountMiddleware",
    "regulars.web.authentication.SecondFactorDue",
    "regulars.web.authentication.note_activity",
    "axes.middleware.AxesMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "regulars.web.frame.frame",
            ],
        },
    }
]

# Files that browsers fetch: `regulars serve` gathers them, named by their content so that they may be kept for ever.
STATIC_URL = "/static/"
STATICFILES_DIRS = [NINJA / "static"]
STATIC_ROOT = HOME / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Sign-in (django-allauth): e-mail and password, passkeys, one-time codes, OpenID Connect. See web/authentication.py.
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "today"
LOGOUT_REDIRECT_URL = "sign_in"
ACCOUNT_ADAPTER = "regulars.web.authentication.Gate"
ACCOUNT_FORMS = {
    "login": "regulars.web.sign_in_forms.SignInForm",
    "reset_password": "regulars.web.sign_in_forms.ForgottenForm",
    "reset_password_from_key": "regulars.web.sign_in_forms.NewPasswordForm",
    "change_password": "regulars.web.sign_in_forms.ChangePasswordForm",
    "set_password": "regulars.web.sign_in_forms.FirstPasswordForm",
    "reauthenticate": "regulars.web.sign_in_forms.ConfirmPasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # who invites or founds knows the address
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_SESSION_REMEMBER = True
# Besides the usual ones: what customers answer by a link, and what calendar programs read.
ACCOUNT_RATE_LIMITS = {"effort": "30/m/ip", "customer_answer": "30/m/ip", "lead": "20/m/ip", "calendar_feed": "60/m/ip"}
MFA_ADAPTER = "regulars.web.authentication.SecondFactors"
MFA_FORMS = {
    "authenticate": "regulars.web.sign_in_forms.CodeForm",
    "reauthenticate": "regulars.web.sign_in_forms.ConfirmCodeForm",
    "activate_totp": "regulars.web.sign_in_forms.ActivateAppForm",
    "add_webauthn": "regulars.web.sign_in_forms.AddPasskeyForm",
    "edit_webauthn": "regulars.web.sign_in_forms.RenamePasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Regulars"
MFA_TOTP_TOLERANCE = 1  # telephones' clocks are a little off
SOCIALACCOUNT_ADAPTER = "regulars.web.authentication.SingleSignOn"
SOCIALACCOUNT_LOGIN_ON_GET = True  # a link: browsers hold a form's redirect against our form-action
SOCIALACCOUNT_PROVIDERS = single_sign_on()
if SOCIALACCOUNT_PROVIDERS:  # else not installed: every command would wait until it is loaded
    INSTALLED_APPS.append("allauth.socialaccount.providers.openid_connect")

# Five wrong passwords for an account from an address lock it out there for a while (django-axes).
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_USERNAME_FORM_FIELD = "login"
AXES_USERNAME_CALLABLE = "regulars.web.authentication.tried_address"
AXES_CLIENT_IP_CALLABLE = "regulars.web.authentication.client_address"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "web/locked_out.html"
AXES_VERBOSE = False
# How many proxies in front are ours: each adds the address it was called from to X-Forwarded-For.
PROXIES = env.int("REGULARS_PROXIES", default=0)

# Behind a proxy that speaks HTTPS: REGULARS_HTTPS=1. See docs/reference/settings.md.
HTTPS = env.bool("REGULARS_HTTPS", default=False)
# Where the pages are, for links in mails, such as https://regulars.example.com. Else: where the request came to.
ADDRESS = env.str("REGULARS_ADDRESS", default="")
CSRF_TRUSTED_ORIGINS = env.list("REGULARS_TRUSTED_ORIGINS", default=[])
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "regulars_session", "regulars_csrf"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LOCALE_PATHS = [Path(__file__).parents[1] / "locale"]
LANGUAGES = [("en", "English"), ("ne", "नेपाली"), ("hi", "हिन्दी"), ("ur", "اردو"), ("bn", "বাংলা"), ("th", "ไทย")]

# What is counted and remembered for minutes: requests of tokens, attempts, codes already used.
CACHES = {"default": env.cache_url("REGULARS_CACHE", default="locmemcache://")}

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}
# Periodic jobs by name: what to do, and at what time of day where the organisation is. See base/jobs.py.
SCHEDULE: dict[str, dict[str, str]] = {
    "backtest": {"job": "regulars.insight.backtests.backtest_again", "at": "01:30"},
    "nightly": {"job": "regulars.plan.daily.nightly", "at": "02:30"},
    "suggestions": {"job": "regulars.insight.affinity_learning.suggest_again", "at": "02:50"},
    "find_duplicates": {"job": "regulars.facts.duplicates.find_duplicates", "at": "03:00"},
    "tidy_history": {"job": "regulars.facts.history.tidy_history", "at": "03:30"},
    "tidy_uploads": {"job": "regulars.facts.imports.uploads.tidy_uploads", "at": "04:00"},
    "tidy_mail": {"job": "regulars.base.mail.sending.tidy_mail", "at": "03:50"},
    "tidy_webhooks": {"job": "regulars.api.webhooks.job.tidy_webhooks", "at": "03:45"},
}
# Jobs that are done whenever there is something to do: asked every few seconds. See base/jobs.py.
NEEDED_JOBS: dict[str, dict[str, str]] = {
    "mail": {
        "job": "regulars.base.mail.sending.send_waiting",
        "needed": "regulars.base.mail.sending.is_needed",
    },
    "backtest": {
        "job": "regulars.insight.forecast_tracking.try_forecasts",
        "needed": "regulars.insight.forecast_tracking.backtest_is_needed",
    },
    "signals": {
        "job": "regulars.plan.daily.take_in_signals",
        "needed": "regulars.insight.protection.is_needed",
    },
    "mailbox": {
        "job": "regulars.base.mail.inbox.look_into_mailbox",
        "needed": "regulars.base.mail.inbox.is_needed",
    },
    "incoming_mail": {
        "job": "regulars.facts.incoming_mail.take_in",
        "needed": "regulars.facts.incoming_mail.is_needed",
    },
    "issue_mail": {
        "job": "regulars.plan.issue_mail.take_in_issue_mail",
        "needed": "regulars.plan.issue_mail.is_needed",
    },
    "letters": {
        "job": "regulars.facts.letters.note_letters",
        "needed": "regulars.facts.letters.is_needed",
    },
    "issues": {
        "job": "regulars.plan.issue_rules.look_after_issues",
        "needed": "regulars.plan.issue_rules.issues_need_looking_after",
    },
    "suggestions": {
        "job": "regulars.insight.affinity_learning.suggest_again",
        "needed": "regulars.insight.affinity_learning.suggestions_are_needed",
    },
    "webhooks": {
        "job": "regulars.api.webhooks.job.deliver_webhooks",
        "needed": "regulars.api.webhooks.job.is_needed",
    },
}
# Webhooks go over HTTPS to public addresses, unless this allows http:// and the firm's own network.
WEBHOOKS_PRIVATE = env.bool("REGULARS_WEBHOOKS_PRIVATE", default=False)

# The API: requests a token and minute, bytes of a request (10,000 order lines). See docs/reference/api.md.
API_REQUESTS_A_MINUTE = env.int("REGULARS_API_REQUESTS_A_MINUTE", default=600)
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024

EMAIL_TIMEOUT = 60  # a mail server that never answers must not hold up the worker
EMAIL_CONFIG = env.email_url("REGULARS_MAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("REGULARS_MAIL_FROM", default="regulars@localhost")
# A folder of an IMAP server that customers' mails are read from: imaps://user:password@mail.example.com/INBOX
MAILBOX_URL = env.str("REGULARS_MAILBOX_URL", default="")

# The warehouse: order history and score history as Delta tables. See base/warehouse.py.
WAREHOUSE_ROOT = env.str("REGULARS_WAREHOUSE", default=str(HOME / "warehouse"))
WAREHOUSE_ENGINE = env.str("REGULARS_ENGINE", default="duckdb")  # or spark-local, or spark://host:port
WAREHOUSE_MEMORY = env.str("REGULARS_MEMORY", default="2GB")
WAREHOUSE_THREADS = env.int("REGULARS_THREADS", default=0)  # 0: as many as there are cores
# Where a running import keeps its staged rows, and a finished one its rejected and replaced rows.
IMPORTS_ROOT = env.str("REGULARS_IMPORTS", default=str(HOME / "imports"))
# Where backups are kept that were asked for in the browser.
BACKUPS_ROOT = env.str("REGULARS_BACKUPS", default=str(HOME / "backups"))
# All files of one upload in the browser together; they go to IMPORTS_ROOT piece by piece, never into memory.
UPLOAD_LIMIT_BYTES = env.int("REGULARS_UPLOAD_LIMIT_MB", default=512) * 1_000_000

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": env.str("REGULARS_LOG_LEVEL", default="WARNING")},
}
