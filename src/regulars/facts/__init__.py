"""What happened: accounts, contacts, order history, interactions, imports."""
