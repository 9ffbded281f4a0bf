"""From a file to facts, and back: read (`sources`), understand (`detect`), convert (`normalise`), put in force (`runs`)
and take back (`undo`). See `docs/methods/import.md`."""
