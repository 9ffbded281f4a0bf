"""On whom the firm depends, and what if one of them leaves."""
