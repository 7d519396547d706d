"""Reading and writing of paths in the secrets engines of Vault."""
