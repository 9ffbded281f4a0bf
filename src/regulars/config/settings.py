"""Django's settings. What an installation may change comes from the environment; see `environment.py`."""

from __future__ import annotations

from regulars.config.environment import database, env, home, secret_key

HOME = home()
DEBUG = env.bool("REGULARS_DEBUG", default=False)
SECRET_KEY = secret_key(HOME)
ALLOWED_HOSTS = env.list("REGULARS_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django_tasks_db",
    "regulars.base",
    "regulars.facts",
    "regulars.insight",
    "regulars.plan",
]
AUTH_USER_MODEL = "base.Member"
DATABASES = {"default": database(HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ne", "नेपाली"), ("hi", "हिन्दी"), ("ur", "اردو"), ("bn", "বাংলা"), ("th", "ไทย")]

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}
# Periodic jobs by name: what to do, and at what time of day where the organisation is. See base/jobs.py.
SCHEDULE: dict[str, dict[str, str]] = {
    "nightly": {"job": "regulars.plan.daily.nightly", "at": "02:30"},
    "tidy_history": {"job": "regulars.facts.history.tidy_history", "at": "03:30"},
}

EMAIL_CONFIG = env.email_url("REGULARS_MAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("REGULARS_MAIL_FROM", default="regulars@localhost")

# The warehouse: order history and score history as Delta tables. See base/warehouse.py.
WAREHOUSE_ROOT = env.str("REGULARS_WAREHOUSE", default=str(HOME / "warehouse"))
WAREHOUSE_MEMORY = env.str("REGULARS_MEMORY", default="2GB")
WAREHOUSE_THREADS = env.int("REGULARS_THREADS", default=0)  # 0: as many as there are cores
# Where a running import keeps its staged rows, and a finished one its rejected and replaced rows.
IMPORTS_ROOT = env.str("REGULARS_IMPORTS", default=str(HOME / "imports"))

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": env.str("REGULARS_LOG_LEVEL", default="WARNING")},
}
