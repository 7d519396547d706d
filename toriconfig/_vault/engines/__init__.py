"""Reading and writing secrets engines: KV, issued certificates."""
