"""Recipes for when something went wrong, on our side or between us."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from regulars.plan.recipes.recipe import SERVICE, SUPERIOR, Recipe, RecipeStep

_Parts = dict[str, tuple[Recipe, dict[str, RecipeStep]]]

RECIPES: Final[_Parts] = {
    "delivery_failed": (
        Recipe(
            name=_("A delivery failed"),
            about=_("The customer hears it from us first, gets it made good, and hears what we changed."),
            triggers=("signal:delivery_failed",),
            stops=("lost",),
        ),
        {
            "tell": RecipeStep(
                what=_("Call before they do. Say openly what happened, and when it will be put right."),
                opening=_(
                    "Something went wrong with your delivery. I want you to hear it from me, and what we do now."
                ),
            ),
            "make_good": RecipeStep(
                what=_("Put it right by the day that was named. If that fails again, say so at once."),
                role=SERVICE,
                after_workdays=1,
            ),
            "explain": RecipeStep(
                what=_("Tell them what the cause was and what was changed, and ask whether all is well now."),
                opening=_("I promised to tell you how it came to this, and what we have changed since."),
                after_workdays=3,
            ),
            "next_one": RecipeStep(
                what=_("Watch over the next delivery yourself, and ask how it was."),
                after_workdays=10,
            ),
        },
    ),
    "dissatisfied": (
        Recipe(
            name=_("A dissatisfied customer"),
            about=_("It complained, had much trouble, or its problem came back or is overdue. Stay until it is good."),
            triggers=("cause:issue", "signal:complaint", "signal:high_effort", "signal:reopened_issue"),
            stops=("lost",),
        ),
        {
            "listen": RecipeStep(
                what=_("Call today. Let them tell all of it, do not defend, and name who solves it and by when."),
                opening=_("I heard that you had trouble with us. Please tell me all of it, and then we put it right."),
            ),
            "solve": RecipeStep(
                what=_("See that the problem is solved by the day that was named, and tell the customer yourself."),
                role=SERVICE,
                after_workdays=2,
            ),
            "confirm": RecipeStep(
                what=_(
                    "Ask whether it is really solved, how much trouble it was, and what would be worth doing better."
                ),
                opening=_("Is it solved as you wanted it? How much trouble was it for you?"),
                after_workdays=3,
            ),
            "look_again": RecipeStep(
                what=_("Two weeks later: ask once more, and note praise or complaint."),
                after_workdays=10,
            ),
        },
    ),
    "promise_broken": (
        Recipe(
            name=_("We broke a promise"),
            about=_("Trust comes back with small promises that are kept."),
            triggers=("signal:promise_broken",),
            stops=("lost",),
        ),
        {
            "own_up": RecipeStep(
                what=_("Call and say that it was broken, without excuses. Ask what it has cost them."),
                opening=_("We did not keep what we promised you. I am sorry. What did it mean for you?"),
            ),
            "make_good": RecipeStep(
                what=_("Offer something that makes good for it, and note it as a promise with a day that is certain."),
                after_workdays=1,
            ),
            "keep": RecipeStep(
                what=_("Look that the new promise was kept, and say so to the customer."),
                opening=_("We said it would be done by now, and it is. Is it as you need it?"),
                after_workdays=7,
            ),
        },
    ),
    "unpaid": (
        Recipe(
            name=_("An invoice is not paid"),
            about=_("Often something was wrong with the delivery. Ask first, remind afterwards."),
            triggers=("cause:unpaid", "signal:invoice_unpaid"),
            stops=("lost",),
        ),
        {
            "ask": RecipeStep(
                what=_("Call and ask whether all was right with delivery and invoice. Note a problem as a problem."),
                opening=_("One of our invoices is still open. Was everything right with the delivery?"),
            ),
            "remind": RecipeStep(
                what=_("Not paid, and nothing was wrong: agree on a day, and confirm it in writing."),
                after_workdays=5,
            ),
            "superior": RecipeStep(
                what=_("Still not paid: speak with who leads there, and decide how you go on delivering."),
                role=SUPERIOR,
                after_workdays=10,
            ),
        },
    ),
}
