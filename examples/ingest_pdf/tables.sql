-- Run once by the owner of the database.
CREATE TABLE IF NOT EXISTS documents (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    sha256 text NOT NULL,
    bytes bigint NOT NULL,
    pages integer NOT NULL,
    written_by text NOT NULL DEFAULT current_user,
    written_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS chunks (
    document bigint NOT NULL REFERENCES documents ON DELETE CASCADE,
    number integer NOT NULL,
    page integer NOT NULL,
    text text NOT NULL,
    concepts text[] NOT NULL,
    PRIMARY KEY (document, number)
);
