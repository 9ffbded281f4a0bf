"""Settings, read from the environment with types; the only package that knows all the others."""
