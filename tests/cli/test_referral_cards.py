"""Cards for recommendations on the command line (mission D3)."""

from __future__ import annotations

from pathlib import Path

from command_line import Regulars
from regulars.base.printing import page_count
from regulars.facts.models import Account, Contact
from regulars.plan.models import ReferralLink


def test_cards_of_a_person_are_written_to_a_file(regulars: Regulars, tmp_path: Path) -> None:
    """D3."""
    regulars("init", "--name", "Muster Druck", "--currency", "EUR")
    account = Account.objects.create(name="Harbour Gifts", external_id="K1")
    eva = Contact.objects.create(account=account, name="Eva Lund")
    out = tmp_path / "cards.pdf"
    made = regulars("referral-cards", "K1", "--contact", "eva", "-o", str(out), "--json")
    assert page_count(out.read_bytes()) == 1
    link = ReferralLink.objects.get()
    assert link.contact == eva
    assert made.data["address"].endswith(f"/r/{link.token}/")
    said = regulars("referral-cards", "K1", "--one", "-o", str(out))
    assert "REGULARS_ADDRESS" in said.out + said.err
    assert regulars("referral-cards", "K1", "--contact", "nobody", "-o", str(out)).code == 2
