"""What of a file, a line or a value may be shown: secrets are masked line by line before anything is composed."""
