"""Recipes for new customers, and for those with whom there is more to win."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from regulars.plan.recipes.recipe import SUPERIOR, Recipe, RecipeStep

_Parts = dict[str, tuple[Recipe, dict[str, RecipeStep]]]

RECIPES: Final[_Parts] = {
    "first_weeks": (
        Recipe(
            name=_("The first weeks of a new customer"),
            about=_("Nobody should feel forgotten after the first order: after days, two weeks and a month."),
            triggers=("cause:first_weeks",),
            stops=("lost",),
        ),
        {
            "arrived": RecipeStep(
                what=_("Ask whether all arrived as expected. Invite them to call you with any problem."),
                opening=_("Your first order is with you. Is everything as you expected it?"),
            ),
            "in_use": RecipeStep(
                what=_("Ask how it goes in daily use, and who else there works with it. Note names."),
                opening=_("You have worked with it for two weeks now. What goes well, and what does not yet?"),
                after_workdays=8,
            ),
            "what_next": RecipeStep(
                what=_("Ask what comes next for them, and propose the one thing that fits what they bought."),
                opening=_("A month has passed. What have you planned next, and what could we take off you?"),
                after_workdays=11,
            ),
        },
    ),
    "growth_spurt": (
        Recipe(
            name=_("A growth spurt"),
            about=_("It buys much more than before. Understand why, and see that it stays so."),
            triggers=("cause:sharp_growth",),
            stops=("cause_gone", "lost"),
        ),
        {
            "thank": RecipeStep(
                what=_("Thank them, and ask what has changed and how long it will last."),
                opening=_("You buy much more from us than last year, thank you. What has changed at your place?"),
            ),
            "secure": RecipeStep(
                what=_("Ask for their plan of the next months, and see that we can deliver it: stock, people, terms."),
                after_workdays=5,
            ),
            "extend": RecipeStep(
                what=_("Propose what else fits the growth: further products, maintenance, an agreement for the year."),
                opening=_("With what you have planned, this would help you next. May I show you what it brings?"),
                after_workdays=7,
            ),
            "recommend": RecipeStep(
                what=_("If they are content: ask whether they know others who need the same."),
                opening=_("You are growing with what we do. Do you know somebody for whom it would be good, too?"),
                after_workdays=10,
            ),
        },
    ),
    "key_account": (
        Recipe(
            name=_("A new key account"),
            about=_("From the appointment to the first review: people, facts, a visit of our own head, a plan."),
            triggers=("state:key_account",),
            stops=("lost",),
        ),
        {
            "people": RecipeStep(
                what=_(
                    "Note who is who there on every level, who decides, who speaks for us, and who of us knows whom."
                ),
                after_workdays=2,
            ),
            "facts": RecipeStep(
                what=_("Collect what is known: goals, own customers, suppliers, what it buys elsewhere."),
                after_workdays=5,
            ),
            "head_visit": RecipeStep(
                what=_(
                    "Visit them with the manager of this key account, and ask what a good partner would do for them."
                ),
                opening=_(
                    "You are one of our most important customers. I wanted to tell you so myself, and to listen."
                ),
                role=SUPERIOR,
                after_workdays=10,
            ),
            "review": RecipeStep(
                what=_(
                    "Hold the first review: what goes well and badly in both directions, what they need, who else asks."
                ),
                opening=_("We look at our work together once a quarter with our best customers, free of charge."),
                after_workdays=15,
            ),
            "plan": RecipeStep(
                what=_("Write the plan with goals, actions, visits and days, and show it to who leads you."),
                after_workdays=5,
            ),
        },
    ),
    "praise": (
        Recipe(
            name=_("A customer praises us"),
            about=_("The best moment to hear in its own words what it values, and to ask for a recommendation."),
            triggers=("signal:praise", "signal:referral_given"),
            stops=("lost",),
        ),
        {
            "thank": RecipeStep(
                what=_("Thank them, pass it on to who earned it, and ask what exactly was good. Note their own words."),
                opening=_("Thank you, that will please my colleagues. What was it exactly that helped you?"),
                after_workdays=1,
            ),
            "proof": RecipeStep(
                what=_("Ask whether their words may be quoted, and note them as a proof of what we are worth."),
                after_workdays=5,
            ),
            "recommend": RecipeStep(
                what=_("Ask for names: who else could need the same? Thank for every one."),
                opening=_("Who else do you know who has the same task as you had?"),
                after_workdays=5,
            ),
        },
    ),
    "expands": (
        Recipe(
            name=_("It expands: a site, people, a project"),
            about=_("Who grows buys new things, once, from who comes first."),
            triggers=("signal:new_site", "signal:staff_growth", "signal:new_project"),
            stops=("lost",),
        ),
        {
            "ask": RecipeStep(
                what=_("Congratulate, and ask what is planned, by when, and who is in charge of it there."),
                opening=_("Congratulations on what you are building. What do you need for it, and by when?"),
                after_workdays=1,
            ),
            "meet": RecipeStep(
                what=_("Get to know who is in charge of it, and bring what we did for others in the same situation."),
                after_workdays=5,
            ),
            "propose": RecipeStep(
                what=_("Propose the basic way and the better one side by side, with what each costs and brings."),
                opening=_("There are two ways to do it. May I show you what each of them brings you?"),
                after_workdays=7,
            ),
            "follow_up": RecipeStep(
                what=_("Ask for the decision, and what is still missing for it."),
                after_workdays=7,
            ),
        },
    ),
}
