from __future__ import annotations

import pytest

from toriconfig._masking.sensitive import Sensitive, looks_secret, scrub

SECRET_NAMES = [
    "password",
    "passwd",
    "pwd",
    "DB_PASSWORD",
    "dbPassword",
    "user.password",
    "passphrase",
    "secret",
    "clientSecret",
    "SECRETS",
    "token",
    "access_token",
    "refreshTokens",
    "api_key",
    "apikey",
    "apiKey",
    "API-KEY",
    "credential",
    "credentials",
    "private_key",
    "privateKey",
    "ssh_key",
    "access_key",
    "AWS_SECRET_ACCESS_KEY",
    "dsn",
    "SENTRY_DSN",
    "auth",
    "auth_header",
    "authorization",
    "bearer",
    "jwt",
    "cookie",
    "connection_string",
    "AccountKey",
    "otp",
]
PLAIN_NAMES = [
    "host",
    "port",
    "name",
    "author",
    "authors",
    "authority",
    "tokenizer",
    "keyboard",
    "monkey",
    "public_key",
    "key",
    "keys",
    "passage",
    "compass",
    "title",
    "results",
    "section_weights",
    "generic_terms",
    "max_workers",
    "entropy",
    "threshold",
    "chunk_size",
    "database",
    "overlap",
]


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_a_name_that_secrets_usually_have_is_sensitive(name: str) -> None:
    assert looks_secret(name)
    assert Sensitive().names(name)


@pytest.mark.parametrize("name", PLAIN_NAMES)
def test_an_ordinary_name_is_not_sensitive(name: str) -> None:
    assert not Sensitive().names(name)


@pytest.mark.parametrize("name", ["passwrod", "pasword", "secrte", "tokne", "api_kye", "credentails", "private_ky"])
def test_a_misspelt_secret_name_is_sensitive(name: str) -> None:
    assert Sensitive().names(name)


@pytest.mark.parametrize("name", ["vendor_code", "VENDOR-CODE", "vendor_cod", "vendro_code"])
def test_a_secret_of_the_schema_is_sensitive_and_so_is_its_near_miss(name: str) -> None:
    assert Sensitive(["vendor_code"]).names(name)
    assert not Sensitive().names(name)


def test_a_plain_field_is_no_near_miss_of_a_secret_one() -> None:
    assert Sensitive(["database_url"]).names("database")
    assert not Sensitive(["database_url"], plain=["database"]).names("database")


def test_a_plain_field_that_is_called_like_a_secret_stays_sensitive() -> None:
    assert Sensitive(plain=["password"]).names("password")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://u:hunter2@db/x", "postgresql://**********@db/x"),
        ("redis://:hunter2@db", "redis://**********@db"),
        ("https://h/x?a=1&api_key=hunter2&b=2", "https://h/x?a=1&api_key=**********&b=2"),
        ("host=db password=hunter2 port=1", "host=db password=********** port=1"),
        ("ghp_hunter2", "**********"),
        ("https://h/x?a=b", "https://h/x?a=b"),
        ("plain text", "plain text"),
    ],
)
def test_secrets_in_a_plain_value_are_masked(text: str, shown: str) -> None:
    assert scrub(text) == shown
