"""Settings: how this installation works for its firm. One module a subject; `pages.py` lists the pages."""
