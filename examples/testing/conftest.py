# conftest.py
pytest_plugins = ["toriconfig.testing.plugin"]
