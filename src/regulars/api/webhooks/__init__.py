"""What endpoints are told: found in the audit trail, said as the API says it. `base.webhooks` sends it."""
