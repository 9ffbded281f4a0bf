"""Key accounts: which they are, who manages them, and which could be."""
