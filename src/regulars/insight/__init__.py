"""What it means: snapshots, scores and their reasons, portfolio."""
