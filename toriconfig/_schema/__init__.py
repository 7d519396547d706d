"""Analysis of a schema class: shapes, names, renames, secrets."""
