"""Leads: the queue, one lead, the flow of leads, and the forms by which strangers come."""
