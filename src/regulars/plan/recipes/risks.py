"""Recipes against what threatens to take a customer away."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from regulars.plan.recipes.recipe import SUPERIOR, Recipe, RecipeStep

_Parts = dict[str, tuple[Recipe, dict[str, RecipeStep]]]

RECIPES: Final[_Parts] = {
    "price_attack": (
        Recipe(
            name=_("A competitor attacks"),
            about=_(
                "It quotes, supplies a part, or has the customer press on the price. Answer fast, and not by price."
            ),
            triggers=(
                "cause:competitor",
                "signal:competitor_quoted",
                "signal:price_pressure",
                "signal:competitor_supplies",
            ),
            stops=("lost",),
        ),
        {
            "acknowledge": RecipeStep(
                what=_("Call today and thank them for saying so. Promise an answer, and lower no price in this talk."),
                opening=_("Thank you for telling me openly. I take it seriously, and I will come back to you with it."),
            ),
            "find_out": RecipeStep(
                what=_(
                    "Find out who offers what exactly, who decides and by when, and what matters besides the price."
                ),
                opening=_("To give you a good answer: what did they offer, and what is most important to you in it?"),
                after_workdays=1,
            ),
            "value_proof": RecipeStep(
                what=_(
                    "Show in their own figures what they have from us: deliveries in time, problems solved, what a "
                    "change would cost and risk."
                ),
                opening=_("I have put together what our work together has brought you. May I show it to you?"),
                after_workdays=2,
            ),
            "offer": RecipeStep(
                what=_(
                    "Agree on an offer that gives more instead of costing less: service, stock, terms, a longer "
                    "agreement. Go along to the talk."
                ),
                opening=_("We thought about what would help you most, and I came along to make you an offer."),
                role=SUPERIOR,
                after_workdays=2,
            ),
            "decide": RecipeStep(
                what=_("Ask for the decision, and note it with its reason: why they stay, or why not."),
                opening=_("You had time to compare. How do you decide, and what was most important?"),
                after_workdays=5,
            ),
        },
    ),
    "champion_left": (
        Recipe(
            name=_("Our champion has left"),
            about=_("Who spoke for us there has gone. Win over who comes next before somebody else does."),
            triggers=("signal:champion_left",),
            stops=("lost",),
        ),
        {
            "farewell": RecipeStep(
                what=_("Wish the person well, and ask who decides now and whom to speak to first."),
                opening=_("I hear that you are leaving. Thank you for the good years. Who takes over from you?"),
            ),
            "successor": RecipeStep(
                what=_("Introduce yourself to who comes next. Ask what is wanted from us, and sell nothing."),
                opening=_(
                    "I have looked after your firm so far. What should I know so that it goes well for you, too?"
                ),
                after_workdays=3,
            ),
            "second_thread": RecipeStep(
                what=_("Get to know a second person there, who uses what we deliver, so that it never hangs on one."),
                after_workdays=5,
            ),
            "visit": RecipeStep(
                what=_("Visit them with the person who looks after them: who leads there should know who leads here."),
                opening=_("I would like to meet you in person, and to hear what we could do better for you."),
                role=SUPERIOR,
                after_workdays=5,
            ),
            "look_again": RecipeStep(
                what=_("Look whether they order as before. Note how the new people stand towards us."),
                after_workdays=15,
            ),
        },
    ),
    "silent_regular": (
        Recipe(
            name=_("A regular has gone silent"),
            about=_("It has paused for longer than its own rhythm explains. Ask before it has decided."),
            triggers=("cause:gone_silent",),
            stops=("ordered", "cause_gone", "lost"),
        ),
        {
            "call": RecipeStep(
                what=_("Call and ask how they are. Listen for a reason: a problem, a competitor, no need."),
                opening=_("I have not heard from you for a while and wanted to know how you are doing."),
            ),
            "write": RecipeStep(
                what=_("Not reached, or no order yet: write a personal line about what they usually buy."),
                after_workdays=3,
            ),
            "somebody_else": RecipeStep(
                what=_("Call a second person there: who uses what we deliver often knows why it is silent."),
                opening=_("You work with what we deliver. Is there anything that we could do better?"),
                after_workdays=5,
            ),
            "superior": RecipeStep(
                what=_("Call once from leader to leader. Ask what would have to change for them to order again."),
                opening=_("You have been with us for a long time. I would like to hear myself whether we fell short."),
                role=SUPERIOR,
                after_workdays=7,
            ),
        },
    ),
    "buys_less": (
        Recipe(
            name=_("A regular buys less"),
            about=_("It still orders, but much less than a year ago. Find out where the rest goes."),
            triggers=("cause:declining",),
            stops=("cause_gone", "lost"),
        ),
        {
            "compare": RecipeStep(
                what=_("Look which products it stopped or reduced, then visit and ask about exactly these."),
                opening=_("You used to buy some things from us that you no longer do. May I ask what has changed?"),
            ),
            "cause": RecipeStep(
                what=_("Note the reason: less work there, another supplier, or our own service. Note it as a signal."),
                after_workdays=3,
            ),
            "proposal": RecipeStep(
                what=_("Propose one thing that answers this reason, with what it saves or brings them."),
                opening=_("I thought about what you said. Here is what we could do about it."),
                after_workdays=5,
            ),
            "look_again": RecipeStep(
                what=_("Look whether the orders have grown since. If not, involve who leads you."),
                after_workdays=20,
            ),
        },
    ),
    "plans_less": (
        Recipe(
            name=_("It plans to buy less, or a contract ends"),
            about=_("You know before it shows in the orders. Talk while nothing is decided."),
            triggers=("signal:less_planned", "signal:contract_ending", "signal:doing_badly", "signal:site_closed"),
            stops=("lost",),
        ),
        {
            "understand": RecipeStep(
                what=_("Ask what is planned, from when, and why: their own business, or how content they are with us."),
                opening=_("I heard that things are changing at your place. What does it mean for our work together?"),
            ),
            "ease": RecipeStep(
                what=_("Offer what fits the new situation: smaller lots, repair instead of new, other terms."),
                after_workdays=5,
            ),
            "agree": RecipeStep(
                what=_("Agree on what goes on, in writing, and on the day of the next talk."),
                after_workdays=5,
            ),
        },
    ),
    "dependence": (
        Recipe(
            name=_("Too much hangs on one customer"),
            about=_("One customer brings so much of all sales that losing it would shake the firm."),
            triggers=("cause:dependence",),
            stops=("cause_gone",),
        ),
        {
            "whatif": RecipeStep(
                what=_("Look at what happens if it leaves, and say openly to who leads the firm what follows from it."),
                role=SUPERIOR,
            ),
            "deepen": RecipeStep(
                what=_("See that people on every level know each other, on both sides. Plan a visit of our own head."),
                after_workdays=10,
            ),
            "widen": RecipeStep(
                what=_("Choose ten accounts like it that buy little, and give them time in the plan."),
                role=SUPERIOR,
                after_workdays=10,
            ),
            "look_again": RecipeStep(
                what=_("Look whether its share has fallen because others grew, and go on."),
                role=SUPERIOR,
                after_workdays=60,
            ),
        },
    ),
    "lost_customer": (
        Recipe(
            name=_("A customer is lost"),
            about=_("Act at once and in person; ask why; offer; and if it does not come back, part well."),
            triggers=("cause:lost",),
            stops=("ordered", "won_back"),
        ),
        {
            "meet": RecipeStep(
                what=_("Meet them in person within days. Listen, defend nothing, and note the reasons."),
                opening=_("I am sorry to lose you, and I would like to hear in person what we did wrong."),
                role=SUPERIOR,
            ),
            "what_if": RecipeStep(
                what=_("Ask “what if we …”: make an offer for each reason, and note what they answer."),
                opening=_("You told us why you left. What if we changed exactly that?"),
                after_workdays=3,
            ),
            "answer": RecipeStep(
                what=_("Ask for the answer to the offers, and note it."),
                after_workdays=5,
            ),
            "part": RecipeStep(
                what=_("If it stays with no: part well. A small gift, an open door, a day to look again."),
                opening=_("Thank you for the time together. Our door stays open for you."),
                after_workdays=5,
            ),
        },
    ),
}
