"""The dossier of an account: what is known of it and its people, what to ask next, and its printing."""
