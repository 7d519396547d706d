"""The stage for `ingest_pdf`: servers, papers, somebody who rotates secrets, and a report at the end.

prepare ── __main__ ── show ── stage ─┬─ papers            PDFs, good ones and bad ones
                                      ├─ concept_service   accepts the current API key and the one before
                                      ├─ start             what the first setting and the first secret cost
                                      └─ outcome           what came of it, checked against the database and the audit log
signals     one SIGINT or SIGTERM ends all in order
leftovers   what a killed run left is cleaned up by the next

The application knows nothing of all this: it runs in a process of its own, as it would anywhere.
"""
