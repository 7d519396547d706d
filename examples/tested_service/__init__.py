"""A service with settings of its module, and its tests by the fixtures that come with toriconfig."""
