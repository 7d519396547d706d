"""What a schema class says: shapes, names, renames, secrets."""
