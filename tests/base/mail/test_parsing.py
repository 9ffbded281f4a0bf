"""Mails as the world writes them are read, however broken."""

from __future__ import annotations

from email.message import EmailMessage

from hypothesis import given
from hypothesis import strategies as st

from regulars.base.mail.parsing import read_mail, text_of_html, without_quotes


def composed(**headers: str) -> EmailMessage:
    mail = EmailMessage()
    for name, value in {"From": "Ada <ada@customer.example>", "Subject": "Grüße नमस्ते", **headers}.items():
        mail[name] = value
    return mail


def test_the_plain_part_is_read_and_files_are_named() -> None:
    mail = composed()
    mail.set_content("Guten Tag\n")
    mail.add_alternative("<p>Good day</p>", subtype="html")
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="Rechnung.pdf")
    read = read_mail(mail.as_bytes())
    assert (read.subject, read.text) == ("Grüße नमस्ते", "Guten Tag")
    assert read.files == [{"name": "Rechnung.pdf", "bytes": 4}]


def test_of_html_alone_the_words_are_read() -> None:
    mail = composed()
    mail.set_content("<style>p{}</style><p>Good day,</p><p>5 &lt; 7<br>Ada</p><script>x()</script>", subtype="html")
    assert read_mail(mail.as_bytes()).text == "Good day,\n5 < 7\nAda"


def test_an_unknown_character_set_is_read_as_far_as_it_goes() -> None:
    raw = b"From: a@x.example\r\nContent-Type: text/plain; charset=klingon\r\n\r\nnuqneH\r\n"
    assert "nuqneH" in read_mail(raw).text


def test_without_an_id_the_same_mail_is_still_the_same() -> None:
    raw = b"From: a@x.example\r\n\r\nhello"
    assert read_mail(raw).message_id == read_mail(raw).message_id != read_mail(raw + b"!").message_id


def test_a_date_without_a_zone_and_one_that_is_none() -> None:
    assert read_mail(composed(Date="Wed, 04 Mar 2026 10:00:00 -0000").as_bytes()).written_at is not None
    assert read_mail(b"From: a@x.example\r\nDate: yesterday\r\n\r\nx").written_at is None


def test_to_whom_it_was_written_and_what_it_answers() -> None:
    talk = "<1@muster.example> <2@customer.example>"
    said = {"To": "Help <Service@Muster.example>, b@x.example", "Cc": "c@x.example"}
    read = read_mail(composed(**said, References=talk, **{"In-Reply-To": "<3@muster.example>"}).as_bytes())
    assert read.recipients == {"service@muster.example", "b@x.example", "c@x.example"}
    assert read.answered_ids == ("<3@muster.example>", "<2@customer.example>", "<1@muster.example>")


def test_of_an_answer_only_what_its_writer_added_is_taken() -> None:
    answer = "Still broken.\n\nOn Monday Olga wrote:\n> It is solved.\n>\n> Olga\n\nAda"
    assert without_quotes(answer) == "Still broken.\n\n\nAda"
    assert without_quotes("> It is solved.") == "> It is solved."


@given(st.text())
def test_something_is_left_of_every_text(text: str) -> None:
    assert bool(without_quotes(text)) == bool(text.strip())


HEADERS = st.sampled_from(
    [b"From", b"To", b"References", b"Subject", b"Date", b"Message-ID", b"Content-Type", b"Content-Disposition"]
)


@given(st.lists(st.tuples(HEADERS, st.binary(max_size=40))), st.binary(max_size=200))
def test_nothing_breaks_the_reader(headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    raw = b"".join(name + b": " + value + b"\r\n" for name, value in headers) + b"\r\n" + body
    read = read_mail(raw)
    assert "\x00" not in read.subject + read.text + read.sender_name
    assert len(read.message_id) <= 300


@given(st.text())
def test_words_of_a_page_never_break(page: str) -> None:
    assert isinstance(text_of_html(page), str)
