"""The sales plan: targets, time, pay."""
