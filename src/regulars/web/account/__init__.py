"""The pages of one account. Who opens them is about to call, often on a phone, and decides what to say."""
