"""What stands behind the ports on AWS. Importing a module here makes no client; `connect` does."""
