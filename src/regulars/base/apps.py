from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class BaseConfig(AppConfig):
    name = "regulars.base"
    label = "base"

    def ready(self) -> None:
        # Every stage declares its thresholds in a module of this name; base knows none of the stages.
        autodiscover_modules("thresholds")
