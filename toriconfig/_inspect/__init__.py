"""What a person asks of settings without using them."""
