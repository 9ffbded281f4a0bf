"""Webhooks: other programs are told what happened (https://www.standardwebhooks.com).

Endpoints say who is told what; deliveries are what they are told, each with the log of its attempts. What happened is
found by `api.webhooks`, which knows the records; here it is signed, sent, and sent again.
"""
