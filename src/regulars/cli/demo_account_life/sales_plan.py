"""The sales plan of the demo: this year's, accepted, and two schemes to pay by, one of them in force."""

from __future__ import annotations

from datetime import date

from regulars.cli.language import _

STRETCH_BPS = 500


def agree_on_a_plan(day: date) -> None:
    """Propose the plan of the fiscal year that the day lies in, accept it, and write two schemes."""
    from regulars.plan.incentives import put_in_force, write_scheme
    from regulars.plan.targets import accept_plan, propose_plan, usual_beginning

    begins = usual_beginning(day)
    plan = propose_plan(begins=begins, stretch_bps=STRETCH_BPS, as_of=day, member=None)
    accept_plan(plan=plan, on=begins, member=None)
    hunters = write_scheme(
        member=None, name=_("Winning first"), base_minor=150_000, new_bps=400, kept_bps=0, grown_bps=50
    )
    put_in_force(scheme=hunters, on=begins, member=None)
    write_scheme(member=None, name=_("Keep and grow"), base_minor=150_000, new_bps=150, kept_bps=40, grown_bps=300)
