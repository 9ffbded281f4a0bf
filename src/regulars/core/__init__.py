"""Pure computation: Python, NumPy and Ibis expressions. No Django, no clock, no files, no connections."""
