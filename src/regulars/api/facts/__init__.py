"""What happened: accounts, contacts, interactions, orders, imports."""
