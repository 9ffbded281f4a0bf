"""Nothing is sent into the network of the machine, by whatever name it is called."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from pytest_django import Settings

from regulars.base.webhooks.addresses import WrongAddress, checked_url, post
from webhook_receiver import receiver

PRIVATE = [
    *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1"),
    *(
        "[::1]",
        "[fd00::1]",
        "[fe80::1]",
        "[::ffff:10.0.0.1]",
        "[64:ff9b::a00:1]",
        "[2002:a00:1::]",
        "[fec0::1]",
        "[::]",
    ),
]


@pytest.mark.parametrize("host", PRIVATE)
def test_a_private_address_is_refused(host: str) -> None:
    with pytest.raises(WrongAddress, match="private network"):
        checked_url(f"https://{host}/hook")


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "example.com",
            "http://example.com/",
            "ftp://example.com/",
            "https://",
            "https:///x",
            "https://a:b@c.com/",
        ),
        *(
            "https://example.com:0/",
            "https://example.com:99999/",
            "https://[::1",
            "https://exämple.com/",
            "file:///etc",
        ),
        *("https://example.com/a b", "https://example.com/\n", "https://example.com/" + "a" * 2000),
    ],
)
def test_what_is_no_address_for_messages_is_refused(url: str) -> None:
    with pytest.raises(WrongAddress):
        checked_url(url)


def test_a_public_address_is_taken() -> None:
    assert checked_url("https://example.com:8443/hook?shop=1").port == 8443
    assert checked_url("https://8.8.8.8/").hostname == "8.8.8.8"


def test_a_name_that_stands_for_a_private_address_is_refused_when_it_is_sent_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolved_to(monkeypatch, "8.8.8.8", "10.0.0.1")
    answer = post("https://example.com/", b"{}", {})
    assert (answer.status, "private network" in answer.problem) == (None, True)


def test_the_connection_goes_to_the_address_that_was_looked_at(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """A name server that gives another answer the second time changes nothing."""
    settings.WEBHOOKS_PRIVATE = True
    asked = resolved_to(monkeypatch, "127.0.0.1")
    with receiver() as told:
        port = told.url.rpartition(":")[2].partition("/")[0]
        answer = post(f"http://shop.example:{port}/hook", b"{}", {})
    assert answer.status == 200
    assert asked == ["shop.example"]
    assert told.received[0].headers["Host"] == f"shop.example:{port}"


def test_a_redirect_is_an_answer_and_not_followed(settings: Settings) -> None:
    settings.WEBHOOKS_PRIVATE = True
    with receiver() as told:
        told.statuses, told.headers = [302], {"Location": told.url}
        answer = post(told.url, b"{}", {})
    assert (answer.status, answer.is_success, len(told.received)) == (302, False, 1)


def test_only_the_beginning_of_an_answer_is_read(settings: Settings) -> None:
    settings.WEBHOOKS_PRIVATE = True
    with receiver() as told:
        told.answer = b"\xff\x00" + b"x" * 100_000
        answer = post(told.url, b"{}", {})
    assert answer.text.startswith("\ufffd\ufffdxx")
    assert len(answer.text) <= 1024


def test_an_address_where_nobody_answers_is_a_problem_and_no_exception(settings: Settings) -> None:
    settings.WEBHOOKS_PRIVATE = True
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        answer = post(f"http://127.0.0.1:{free.getsockname()[1]}/", b"{}", {})
    assert answer.status is None
    assert "refused" in answer.problem


def resolved_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Names stand for these addresses the first time; the names that were asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def resolve(host: str, port: Any, *arguments: Any, **options: Any) -> Any:
        if host in addresses:
            return real(host, port, *arguments, **options)
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr("regulars.base.webhooks.addresses.socket.getaddrinfo", resolve)
    return asked
