"""Base types that every room uses: paths, origins, trees, problems, time."""
