"""A `Ref` whose text begins with the scheme of a backend: it would be a path in Vault, which is not intended."""

from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import BaseModel

from toriconfig import ConfigError, Ref, Secret, SettingsConfigDict, load
from toriconfig._core.markers import split
from toriconfig.backends import Backend, Fetched


@pytest.mark.parametrize(
    "text", ["aws:prod/x#y", "aws:prod/x", "aws:x#y", "aws:prod/x?stage=AWSPREVIOUS#y", "aws:arn:aws:x/y"]
)
def test_a_ref_that_begins_with_the_scheme_of_aws_is_refused_with_the_form_to_write(text: str) -> None:
    with pytest.raises(ValueError, match=r'`aws:` .* write Ref\("PATH#KEY", scheme="aws"\), or \$\{aws:PATH#KEY\}'):
        Ref(text)


def test_a_ref_that_begins_with_the_scheme_of_vault_is_refused_with_the_form_to_write() -> None:
    with pytest.raises(ValueError, match=r'`vault:` .* write Ref\("PATH#KEY"\), or \$\{vault:PATH#KEY\}'):
        Ref("vault:secret/x#y")


def test_a_reference_to_vault_that_names_aws_too_is_an_error_of_the_load() -> None:
    class App(BaseModel):
        token: Secret[str]

    with pytest.raises(ConfigError, match=r"`aws:` is no part of a path"):
        load(App, overrides={"token": "${vault:aws:prod/x#y}"}, environ={})


def test_the_scheme_of_a_custom_backend_is_refused_by_the_load() -> None:
    class Cellar(Backend):
        scheme = "cellar"

        def fetch(self, path: str, timeout: float) -> Fetched:
            return Fetched("x")

    class App(BaseModel):
        token: Annotated[Secret[str], Ref("cellar:db/x#y")]  # no backend has this scheme yet
        model_config = SettingsConfigDict(backends=[Cellar()])

    with pytest.raises(ConfigError, match=r'write Ref\("PATH#KEY", scheme="cellar"\)'):
        load(App, environ={})


@pytest.mark.parametrize("text", ['"aws:prod"/x#y', "secret/aws:x#y", "awsx:prod/x#y", "secret/x#aws:y"])
def test_a_path_in_vault_with_a_colon_is_a_path_and_keeps_its_quotes(text: str) -> None:
    assert str(split(text)) == text
    assert Ref(str(Ref(text).parsed)).parsed == Ref(text).parsed
