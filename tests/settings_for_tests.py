"""The product's own settings, in a home folder of its own for every test process."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_home = Path(tempfile.mkdtemp(prefix="regulars-tests-"))
atexit.register(shutil.rmtree, _home, ignore_errors=True)
os.environ["REGULARS_HOME"] = str(_home)
os.environ.pop("REGULARS_WAREHOUSE", None)
os.environ.pop("REGULARS_IMPORTS", None)
os.environ.pop("REGULARS_WEBHOOKS_PRIVATE", None)
os.environ.setdefault("REGULARS_MEMORY", "1GB")
os.environ["REGULARS_OIDC_ISSUER"] = "http://127.0.0.1:9"  # nobody listens there; tests bring a server of their own
os.environ["REGULARS_OIDC_NAME"] = "Muster ID"
os.environ["REGULARS_OIDC_CLIENT_ID"] = os.environ["REGULARS_OIDC_CLIENT_SECRET"] = "regulars"

from regulars.config.settings import *  # noqa: E402, F403

# Tables are made from the models at once, as for every new installation: see base/schema.py.
_TEST: dict[str, object] = {"MIGRATE": False}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":  # noqa: F405
    # A file, not memory: the processes that tests start read it, too.
    _TEST["NAME"] = str(_home / "regulars.sqlite3")
DATABASES["default"]["TEST"] = _TEST  # noqa: F405

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
