"""What happened between the demo's people and its customers: made up, a module a subject, the same every time."""
