"""A small ingestion application on toriconfig: a folder of PDFs, cut into chunks, into PostgreSQL.

__main__ ── ingest ─┬─ reading    a PDF as the text of its pages, or why it cannot be read
                    ├─ chunking   text as pieces that overlap
                    ├─ concepts   what a piece is about, from a service that wants the API key
                    ├─ store      documents and chunks, replaced when a document comes again
                    ├─ pool       connections that always log in with the current account
                    └─ report     what came of it

The tables are made once, by their owner: `psql -f tables.sql`. The accounts of the application come and go, so they
may write into the tables and own nothing.
"""
