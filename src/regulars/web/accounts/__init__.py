"""The list of accounts: found, cut out, worked on in bulk, kept as views, taken out as files."""
