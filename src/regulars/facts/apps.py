from django.apps import AppConfig


class FactsConfig(AppConfig):
    name = "regulars.facts"
    label = "facts"
