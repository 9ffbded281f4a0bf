"""Opportunities and white space: the board, the page of one, the business case, and what an account buys elsewhere."""
