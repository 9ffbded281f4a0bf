"""The HTTP API, version 1: one router a stage, the same verbs as everywhere. See docs/reference/api.md."""
