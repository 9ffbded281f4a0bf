"""A real IMAP server (Dovecot) with one mailbox, in a folder of its own, gone at the end; for tests."""

from __future__ import annotations

import grp
import imaplib
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USER, PASSWORD, FOLDER = "post", "geheim-7", "Customers"


class NoDovecot(Exception):  # noqa: N818 - named for what stands in the way
    """No server can be started here; says what is missing."""


class MailBox:
    """The mailbox, filled as a mail server fills it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"imap://{USER}:{PASSWORD}@127.0.0.1:{port}/{FOLDER}"

    @contextmanager
    def signed_in(self) -> Iterator[imaplib.IMAP4]:
        with imaplib.IMAP4("127.0.0.1", self.port, timeout=20) as client:
            client.login(USER, PASSWORD)
            yield client

    def put(self, mail: bytes) -> None:
        with self.signed_in() as client:
            answer, said = client.append(FOLDER, "", "", mail)
            assert answer == "OK", said

    def renew(self) -> None:
        """Another folder of the same name, as after a move to another server: the numbers begin anew."""
        with self.signed_in() as client:
            client.delete(FOLDER)
            client.create(FOLDER)

    def unread(self) -> int:
        with self.signed_in() as client:
            client.select(FOLDER, readonly=True)
            return len(client.search(None, "UNSEEN")[1][0].split())


@contextmanager
def dovecot(folder: Path) -> Iterator[MailBox]:
    """Start a server with its mail in `folder`. Raises `NoDovecot`."""
    program = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin")
    if program is None:
        raise NoDovecot("Dovecot (install dovecot-imapd)")
    port = _free_port()
    own = pwd.getpwuid(os.geteuid()).pw_name
    mail_user = "mail" if os.geteuid() == 0 else own  # Dovecot opens no mail as root
    mail = folder / "mail"
    mail.mkdir()
    if os.geteuid() == 0:
        shutil.chown(mail, mail_user)
        folder.chmod(0o711)
    users = "" if os.geteuid() == 0 else _AS_ONESELF.format(user=own, group=grp.getgrgid(os.getegid()).gr_name)
    written = folder / "dovecot.conf"
    written.write_text(
        _CONFIGURATION.format(
            folder=folder,
            port=port,
            user=mail_user,
            group=grp.getgrgid(pwd.getpwnam(mail_user).pw_gid).gr_name,
            password=PASSWORD,
        )
        + users
    )
    with (folder / "log").open("w") as log:
        server = subprocess.Popen([program, "-F", "-c", str(written)], stdout=log, stderr=log)
    try:
        _wait_for(port, server, folder / "log")
        yield MailBox(port)
    finally:
        server.terminate()
        server.wait(timeout=30)


_CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
first_valid_uid = 0
mail_uid = {user}
mail_gid = {group}
mail_location = maildir:{folder}/mail/%u
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
"""

_AS_ONESELF = """
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
"""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            with imaplib.IMAP4("127.0.0.1", port, timeout=20) as client:
                client.login(USER, PASSWORD)
                client.create(FOLDER)
                return
        except (OSError, imaplib.IMAP4.error):
            if server.poll() is not None:
                break
            time.sleep(0.1)
    raise NoDovecot(f"Dovecot (it does not start: {log.read_text()[-300:]})")
