"""The web application, for Granian or another WSGI server."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from regulars.base.settled import settle

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.config.settings")

application = get_wsgi_application()
settle()
