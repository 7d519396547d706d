"""ToriSettings: the names, bounds and defaults that the design promises to the TORI pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from support.loading import loaded, problems, told
from support.secret_fields import secrets_of
from toriconfig import Ref, Secret, ToriSettings, load
from toriconfig._schema.shape import root_shape
from toriconfig.schema import DatabaseCredentials

DEFAULTS: dict[str, Any] = {
    "features": dict.fromkeys(
        (
            "context_extraction", "frequency_tracking", "smart_filtering", "entropy_pruning", "ocr_fallback",
            "parallel_processing", "enhanced_memory_storage",
        ),
        True,
    ),
    "ocr": {"max_pages": None},
    "parallelism": {"max_workers": None},
    "entropy": {
        "threshold": 0.0001, "similarity_threshold": 0.85, "max_diverse_concepts": None, "concepts_per_category": None,
    },
    "limits": {
        "file_sizes": {
            "small": {"mb": 1, "chunks": 300, "concepts": 250},
            "medium": {"mb": 5, "chunks": 500, "concepts": 700},
            "large": {"mb": 25, "chunks": 1200, "concepts": 1500},
            "xlarge": {"mb": None, "chunks": 2000, "concepts": 3000},
        }
    },
    "section_weights": {
        "title": 2.0, "abstract": 1.5, "introduction": 1.2, "conclusion": 1.2, "methodology": 1.1, "results": 1.1,
        "discussion": 1.0, "body": 1.0, "references": 0.7,
    },
    "chunking": {"size": 800, "overlap": 80},
    "logging": {"level": "INFO"},
    "progress": {"min_change": 1.0, "min_seconds": 0.5},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _here(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def every_field(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, info in model.model_fields.items():
        yield f"{path}{name}", info
        inner = info.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from every_field(inner, f"{path}{name}.")


FIELDS = dict(every_field(ToriSettings))


def test_sections_and_their_defaults_are_those_of_the_design() -> None:
    dumped = load(ToriSettings, environ={}, offline=True).model_dump()
    assert DEFAULTS == {name: dumped[name] for name in DEFAULTS}
    others = {"generic_terms", "academic_sections", "database", "api_key", "database_url", "embedding_token"}
    assert {*DEFAULTS, *others} == set(ToriSettings.model_fields)
    assert {"host", "port", "name", "pool", "credentials"} == set(dumped["database"])
    assert {"min_size", "max_size", "timeout"} == set(dumped["database"]["pool"])
    assert all(isinstance(word, str) for name in ("generic_terms", "academic_sections") for word in dumped[name])
    assert all(dumped[name] for name in ("generic_terms", "academic_sections"))


def test_the_secrets_of_the_settings_are_plain_and_never_none() -> None:
    secrets = {".".join(map(str, path)): shape for path, shape in secrets_of(root_shape(ToriSettings))}
    assert {"api_key", "database_url", "embedding_token", "database.credentials"} == set(secrets)
    assert not any(shape.nullable for shape in secrets.values())
    assert [str, str, str] == [secrets[name].inner for name in ("api_key", "database_url", "embedding_token")]
    assert (DatabaseCredentials, Ref("database/creds/tori")) == (
        secrets["database.credentials"].inner, secrets["database.credentials"].ref,
    )  # fmt: skip


@pytest.mark.parametrize("path", FIELDS)
def test_every_field_has_a_description(path: str) -> None:
    description = FIELDS[path].description
    assert description
    assert description.endswith(".")


def numbers() -> list[str]:
    return [path for path, info in FIELDS.items() if {"int", "float"} & set(str(info.annotation).replace("|", " ").split())
            or info.annotation in (int, float)]  # fmt: skip


@pytest.mark.parametrize("path", numbers())
def test_every_number_has_a_bound_and_a_unit(path: str) -> None:
    info = FIELDS[path]
    assert any(type(note).__name__ in ("Ge", "Gt", "Le", "Lt", "Interval") for note in info.metadata), path
    units = (
        "characters", "pages", "threads", "concepts", "chunks", "connections", "seconds", "points", "0 to 1", "megabytes",
        "port",
    )  # fmt: skip
    assert any(unit in info.description.lower() for unit in units), info.description


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("parallelism: {max_workers: 0}", "parallelism.max_workers"),
        ("parallelism: {max_workers: 65}", "parallelism.max_workers"),
        ("entropy: {threshold: 1.1}", "entropy.threshold"),
        ("entropy: {similarity_threshold: -0.1}", "entropy.similarity_threshold"),
        ("ocr: {max_pages: 0}", "ocr.max_pages"),
        ("chunking: {size: 0}", "chunking.size"),
        ("database: {port: 0}", "database.port"),
        ("database: {port: 65536}", "database.port"),
        ("database: {pool: {timeout: 0}}", "database.pool.timeout"),
        ("logging: {level: LOUD}", "logging.level"),
        ("progress: {min_change: 101}", "progress.min_change"),
        ("section_weights: {title: -1}", "section_weights.title"),
        ("section_weights: {title: .inf}", "section_weights.title"),
        ("entropy: {threshold: .nan}", "entropy.threshold"),
        ("progress: {min_seconds: .inf}", "progress.min_seconds"),
        ("database: {pool: {timeout: .inf}}", "database.pool.timeout"),
        ("database: {host: ''}", "database.host"),
        ("database: {name: ''}", "database.name"),
    ],
)
def test_values_out_of_bounds_are_refused(text: str, path: str) -> None:
    assert [path] == [one.path for one in problems(ToriSettings, text)]


@pytest.mark.parametrize(
    "text", ["parallelism: {max_workers: 1}", "parallelism: {max_workers: 64}", "ocr: {max_pages: null}"]
)
def test_values_at_the_bounds_are_taken(text: str) -> None:
    assert [] == problems(ToriSettings, text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("limits: {file_sizes: {medium: {mb: 1}}}", "mb of `medium` must be larger than mb of `small`"),
        ("limits: {file_sizes: {large: {mb: 4}}}", "mb of `large` must be larger than mb of `medium`"),
        ("limits: {file_sizes: {large: {mb: null}}}", "mb of `xlarge` must be larger than mb of `large`"),
        ("limits: {file_sizes: {small: {chunks: 500}}}", "chunks and concepts of `medium`"),
        ("chunking: {size: 100, overlap: 100}", "overlap must be less than size"),
        ("database: {pool: {min_size: 11}}", ""),
    ],
)
def test_rules_over_several_keys_are_reported_at_their_section(text: str, said: str) -> None:
    (only,) = problems(ToriSettings, text)
    assert "TC108" == only.code
    assert said in only.expected
    assert only.origin is not None


def test_one_number_of_a_tier_can_be_set_alone() -> None:
    small = loaded(ToriSettings, "limits: {file_sizes: {small: {chunks: 310}}}").limits.file_sizes.small
    assert (1, 310, 250) == (small.mb, small.chunks, small.concepts)
    environ = {"TORI_LIMITS__FILE_SIZES__SMALL__CHUNKS": "320"}
    assert 320 == loaded(ToriSettings, "{}", environ=environ).limits.file_sizes.small.chunks


@pytest.mark.parametrize(
    ("size", "chunks"),
    [(0, 300), (1_000_000, 300), (1_000_001, 500), (5_000_000, 500), (25_000_000, 1200), (10**12, 2000)],
)
def test_the_tier_of_a_file_is_the_first_that_holds_it(size: int, chunks: int) -> None:
    assert chunks == load(ToriSettings, environ={}, offline=True).limits.file_sizes.tier(size).chunks


def test_the_settings_are_frozen_at_every_depth() -> None:
    model = load(ToriSettings, environ={}, offline=True)
    for owner, name, value in (
        (model, "ocr", None),
        (model.database.pool, "max_size", 3),
        (model.limits.file_sizes.small, "mb", 2),
    ):
        with pytest.raises(ValueError, match="frozen"):
            setattr(owner, name, value)
    for container in (model.section_weights, model.generic_terms):
        with pytest.raises(TypeError, match="cannot be changed"):
            container.clear()


def test_an_unset_number_is_null_from_the_environment() -> None:
    environ = {"TORI_PARALLELISM__MAX_WORKERS": "null", "TORI_OCR__MAX_PAGES": "3"}
    model = loaded(ToriSettings, "parallelism: {max_workers: 3}", environ=environ)
    assert (None, 3) == (model.parallelism.max_workers, model.ocr.max_pages)


def test_credentials_come_whole_from_a_lower_layer_too() -> None:
    environ = {"TORI_DATABASE__CREDENTIALS__USERNAME": "u", "TORI_DATABASE__CREDENTIALS__PASSWORD": "p"}
    found = loaded(ToriSettings, environ=environ).database.credentials
    assert isinstance(found, Secret)
    assert DatabaseCredentials(username="u", password="p") == found.get()
    assert "p" not in repr(found.get()).replace("password", "").replace("username", "").replace(
        "DatabaseCredentials", ""
    )


def test_every_default_is_valid() -> None:
    for path, info in FIELDS.items():
        assert info.is_required() or info.default is not PydanticUndefined or info.default_factory is not None, path
    model = load(ToriSettings, environ={}, offline=True)
    assert model == ToriSettings.model_validate(model.model_dump())


def test_every_error_in_a_file_of_many_is_named() -> None:
    text = "features: {ocr_falback: true}\nocr: {max_pages: many}\nunknown: 1\n"
    assert [("TC101", "features.ocr_falback"), ("TC102", "ocr.max_pages"), ("TC101", "unknown")] == [
        (code, path) for code, _, path in told(ToriSettings, text)
    ]
