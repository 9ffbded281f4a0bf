from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "regulars.base.mail"
    label = "mail"
