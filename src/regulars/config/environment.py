"""Typed readers of the environment. Every setting of an installation is listed in `docs/reference/settings.md`."""

from __future__ import annotations

import secrets
from importlib.util import find_spec
from pathlib import Path

import environ
import platformdirs

env = environ.Env()


def home() -> Path:
    """The folder that holds the embedded database, the warehouse and the secret key (`REGULARS_HOME`)."""
    configured = env.str("REGULARS_HOME", default="")
    return Path(configured).expanduser().resolve() if configured else Path(platformdirs.user_data_dir("regulars"))


def package_folder(name: str) -> Path:
    """Where an installed package lies, without loading it."""
    found = find_spec(name)
    assert found is not None
    assert found.submodule_search_locations
    return Path(found.submodule_search_locations[0])


def secret_key(folder: Path) -> str:
    """`REGULARS_SECRET_KEY`, or a key made once and kept in the home folder, readable by its owner alone."""
    configured = env.str("REGULARS_SECRET_KEY", default="")
    if configured:
        return str(configured)
    kept = folder / "secret_key"
    if kept.exists():
        return kept.read_text().strip()
    folder.mkdir(parents=True, exist_ok=True)
    fresh = secrets.token_urlsafe(50)
    try:
        descriptor = kept.open("x")
    except FileExistsError:  # another process was first
        return kept.read_text().strip()
    with descriptor:
        kept.chmod(0o600)
        descriptor.write(fresh)
    return fresh


def database(folder: Path) -> dict[str, object]:
    """`DATABASE_URL`, or an SQLite file in the home folder (write-ahead log, immediate transactions)."""
    configured = env.str("DATABASE_URL", default="")
    found: dict[str, object] = dict(
        env.db_url_config(configured) if configured else env.db_url_config(f"sqlite:///{folder / 'regulars.sqlite3'}")
    )
    if found["ENGINE"] == "django.db.backends.sqlite3":
        found["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536;",
        }
    return found


def single_sign_on() -> dict[str, object]:
    """The firm's own sign-in by OpenID Connect, as allauth wants it: `REGULARS_OIDC_ISSUER` and its companions."""
    issuer = env.str("REGULARS_OIDC_ISSUER", default="")
    if not issuer:
        return {}
    return {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "oidc",
                    "name": env.str("REGULARS_OIDC_NAME", default="OpenID Connect"),
                    "client_id": env.str("REGULARS_OIDC_CLIENT_ID"),
                    "secret": env.str("REGULARS_OIDC_CLIENT_SECRET"),
                    "settings": {"server_url": issuer},
                }
            ],
        }
    }
