"""Types that every other package uses: paths, origins, trees, problems, time."""
