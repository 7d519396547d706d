"""Connection pools and HTTP clients that always use the current credentials, and exporters of metrics.

There is one module per library. A module, and its library, is imported only when it is used:

    from toriconfig.integrations import sqlalchemy
    sqlalchemy.follow(engine, settings.database.credentials)

An open PostgreSQL session survives a rotation of its account, but the next login with the former credentials fails.
Each pool therefore logs in with the current credentials, and never returns a connection of former credentials.
"""
