"""Orders that still run: the lists of what is unpaid, left or late, one order with its follow-ups, files of them."""
