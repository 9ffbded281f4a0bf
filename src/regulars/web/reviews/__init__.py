"""Reviews: their calendar, their appointments, and what is asked and answered in them."""
