"""What to do: actions, the daily list."""
