"""Pages of value: joint projects, what customers say they value, pitches, and how they rate our people."""
