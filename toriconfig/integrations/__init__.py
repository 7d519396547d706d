"""Connection pools and HTTP clients that always use the current credentials, and exporters of metrics.

There is one module per library:

    from toriconfig.integrations import sqlalchemy

    sqlalchemy.follow(engine, settings.database.credentials)

After a rotation, each pool logs in with the current credentials, and never returns a connection of former
credentials.
"""
