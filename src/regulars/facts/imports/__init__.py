"""From a file to facts: read (`sources`), understand (`headings`, `exports`, `detect`), convert (`normalise`), put in force
(`runs`). See `docs/methods/import.md`."""
