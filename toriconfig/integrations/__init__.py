"""Secrets in the hands of other libraries: pools and clients that always use the current credentials.

One file a library, a few lines each; each is imported only when it is used, and so is its library:

    from toriconfig.integrations import sqlalchemy
    sqlalchemy.follow(engine, settings.database.credentials)

An open session of a rotated-out account lives on in PostgreSQL; what fails is the next login. So the rule of each
pool is the same: log in with the current credentials, and hand out no connection of earlier ones.
"""
