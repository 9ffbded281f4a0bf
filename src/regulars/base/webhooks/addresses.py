"""Where messages may be sent: over HTTPS to the open internet, unless the installation says otherwise.

Whoever may name an address could else have this machine talk to its own network, which trusts it (SSRF). So the name is
resolved here, every address that it stands for is looked at, and the connection goes to one of those that were looked
at: a second answer of the name server changes nothing. Redirects are not followed.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import urllib3
from django.conf import settings
from django.utils.translation import gettext as _
from urllib3.exceptions import HTTPError

from regulars.core.errors import Refusal

TIMEOUT_SECONDS = 10
ANSWER_BYTES = 1024
LONGEST_URL = 2000

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class WrongAddress(Refusal):
    """An address to which nothing may be sent."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came of one attempt: a status with the beginning of the answer, or the problem that there was none."""

    duration_ms: int
    status: int | None = None
    text: str = ""
    problem: str = ""
    retry_after_seconds: int = 0

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def checked_url(url: str) -> SplitResult:
    """The parts of an address to which messages may be sent, as far as it says so itself. Raises `WrongAddress`."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        port, host = 0, None
    schemes = {"https", "http"} if settings.WEBHOOKS_PRIVATE else {"https"}
    if not host or port == 0 or parts.scheme not in schemes or len(url) > LONGEST_URL or not url.isascii():
        raise WrongAddress(
            _("That is not an address to which messages can be sent."),
            _("Give one that begins with https://, such as https://example.com/regulars."),
        )
    if parts.username is not None or any(character.isspace() or not character.isprintable() for character in url):
        raise WrongAddress(
            _("The address has a name, a password or a blank in it."),
            _("Leave it out: the signature shows that messages come from here."),
        )
    _refuse_private_name(host)
    return parts


def post(url: str, content: bytes, headers: dict[str, str]) -> Answer:
    """Send `content` and say what came of it. Never raises for what the other side does."""
    begun = time.monotonic()
    try:
        parts = checked_url(url)
        status, text, retry_after = _exchange(parts, _resolved(parts), content, headers)
    except WrongAddress as refusal:
        return Answer(duration_ms=_since(begun), problem=str(refusal)[:300])
    except (HTTPError, OSError, UnicodeError) as error:
        return Answer(duration_ms=_since(begun), problem=f"{type(error).__name__}: {error}"[:300])
    return Answer(duration_ms=_since(begun), status=status, text=text, retry_after_seconds=retry_after)


def _exchange(parts: SplitResult, at: Address, content: bytes, headers: dict[str, str]) -> tuple[int, str, int]:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = parts.netloc.rpartition("@")[2]
    with _pool(parts, at) as pool:
        response = pool.urlopen(
            "POST",
            target,
            body=content,
            headers={**headers, "Host": host},
            retries=False,
            redirect=False,
            preload_content=False,
            decode_content=False,
        )
        text = response.read1(ANSWER_BYTES).decode("utf-8", "replace").replace("\x00", "\ufffd")
        retry_after = response.headers.get("Retry-After", "")
        response.close()
    return response.status, text, int(retry_after) if retry_after.isdecimal() and len(retry_after) < 10 else 0


def _pool(parts: SplitResult, at: Address) -> urllib3.HTTPConnectionPool:
    timeout = urllib3.Timeout(total=TIMEOUT_SECONDS)
    if parts.scheme == "http":
        return urllib3.HTTPConnectionPool(str(at), parts.port or 80, timeout=timeout, maxsize=1)
    return urllib3.HTTPSConnectionPool(
        str(at),
        parts.port or 443,
        timeout=timeout,
        maxsize=1,
        cert_reqs="CERT_REQUIRED",
        server_hostname=parts.hostname,
        assert_hostname=parts.hostname,
    )


def _resolved(parts: SplitResult) -> Address:
    """One of the addresses that the name stands for, after all of them were looked at."""
    assert parts.hostname is not None
    found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    for address in addresses:
        _refuse_private(address)
    return addresses[0]


def _refuse_private_name(host: str) -> None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return
    _refuse_private(address)


def _refuse_private(address: Address) -> None:
    if settings.WEBHOOKS_PRIVATE or _is_public(address):
        return
    raise WrongAddress(
        _("The address leads into a private network."),
        _("Use a public address. Who runs this installation may allow private ones: REGULARS_WEBHOOKS_PRIVATE=1"),
    )


def _is_public(address: Address) -> bool:
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False  # reserved covers what carries an IPv4 address within: ::ffff:0:0/96 and 64:ff9b::/96
    return not (isinstance(address, ipaddress.IPv6Address) and (address.sixtofour or address.is_site_local))


def _since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)
