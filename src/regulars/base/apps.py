from django.apps import AppConfig


class BaseConfig(AppConfig):
    name = "regulars.base"
    label = "base"
