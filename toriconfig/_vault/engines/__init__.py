"""Reading and writing of secrets engines: KV, issued credentials and certificates."""
