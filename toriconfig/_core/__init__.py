"""What every room speaks: paths, origins, trees, problems, time."""
