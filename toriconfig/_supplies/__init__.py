"""What stands behind a secret: Vault, a file, a layer's own value, several of them, or one behind the other."""
