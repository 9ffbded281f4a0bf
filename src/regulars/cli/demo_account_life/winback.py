"""Lost customers of the demo: some of the largest said why they left, and what they were offered."""

from __future__ import annotations

from datetime import date, timedelta

from regulars.cli.language import _

TOLD = (
    (("better_terms",), _("Somebody else delivers the same ten per cent cheaper.")),
    (("our_service", "better_terms"), _("Two deliveries came late, and nobody called.")),
    (("no_need",), _("They gave up this part of their business.")),
    (("our_service",), _("They had to explain everything twice.")),
    (("other",), _("The new head of purchasing brought his own supplier.")),
)
OFFERS = (
    _("deliver within two days"),
    _("keep last year's prices until autumn"),
    _("name one person for all questions"),
)


def say_why_the_largest_left(day: date) -> None:
    """Note why some of the largest lost customers left; offer three of them something; part well from one."""
    from regulars.plan import winback
    from regulars.plan.models import WinBack

    lost = list(winback.visible_win_backs(None).filter(state=WinBack.State.OPEN)[: len(TOLD)])
    for work, (reasons, said) in zip(lost, TOLD, strict=False):
        winback.note_reasons(win_back=work, reasons=reasons, said=said, member=None)
    for work, text in zip(lost, OFFERS, strict=False):
        winback.offer_what_if(win_back=work, text=text, on=day - timedelta(days=6), member=None)
    if len(lost) == len(TOLD):
        before = day - timedelta(days=30)
        winback.part_well(win_back=lost[2], on=before, member=None, door_open=True, look_again_on=day)
