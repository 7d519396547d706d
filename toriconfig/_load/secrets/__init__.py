"""Creation of handles for the secrets in the merged tree."""
