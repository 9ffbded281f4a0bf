from django.apps import AppConfig


class PlanConfig(AppConfig):
    name = "regulars.plan"
    label = "plan"
