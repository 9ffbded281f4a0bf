"""Mail: what goes out, each exactly once as far as can be known, and where the links in it lead.

`outbox.send_mail` is what verbs call; `sending` does it. What carries a key is not kept: `at_once.send_at_once`.
"""
