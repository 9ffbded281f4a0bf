from __future__ import annotations

from django.core import mail as django_mail

from command_line import Regulars
from regulars.base.mail.models import OutgoingMail
from regulars.base.mail.outbox import send_mail


def test_a_test_mail_goes_out_at_once_and_is_listed(regulars: Regulars) -> None:
    regulars("init", "--name", "Muster")
    sent = regulars("mail", "test", "ada@customer.example", "--json").data
    assert (sent["to"], sent["state"]) == ("ada@customer.example", "sent")
    assert [one.to for one in django_mail.outbox] == [["ada@customer.example"]]
    (listed,) = regulars("mail", "list", "--state", "sent", "--json").data
    assert listed == sent
    assert "A test from Regulars at Muster" in " ".join(regulars("mail", "list").out.split())
    assert regulars("mail", "list", "--state", "lost").code == 2


def test_a_mail_is_cancelled_sent_again_and_settled_by_its_id(regulars: Regulars) -> None:
    regulars("init", "--name", "Muster")
    uid = send_mail(to="ada@customer.example", subject="Offer", text="").uid
    assert regulars("mail", "cancel", uid, "--json").data["state"] == "cancelled"
    assert regulars("mail", "cancel", uid).code == 2
    assert regulars("mail", "resend", uid, "--json").data["state"] == "queued"
    OutgoingMail.objects.update(state="unknown")
    assert "sent" in regulars("mail", "confirm", uid).out
    assert regulars("mail", "confirm", "nothing").code == 2


def test_an_address_that_is_none_is_refused(regulars: Regulars) -> None:
    regulars("init", "--name", "Muster")
    assert regulars("mail", "test", "nobody").code == 2
    assert not OutgoingMail.objects.exists()
