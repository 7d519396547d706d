"""ToriSettings as a user of pydantic-settings would write it: the same source, with `SecretStr` for secrets."""

from __future__ import annotations

from pathlib import Path

import toriconfig

_SECRETS = {
    "TORI_API_KEY": "k" * 24,
    "TORI_DATABASE_URL": "postgresql://tori:t0p@db/tori",
    "TORI_EMBEDDING_TOKEN": "e" * 24,
    "TORI_DATABASE__CREDENTIALS": '{"username": "tori", "password": "t0p-s3cr3t"}',
}
VARIABLES = _SECRETS | {
    "TORI_CHUNKING__SIZE": "900",
    "TORI_CHUNKING__OVERLAP": "90",
    "TORI_DATABASE__HOST": "db.internal",
    "TORI_DATABASE__PORT": "5433",
    "TORI_DATABASE__NAME": "papers",
    "TORI_DATABASE__POOL__MIN_SIZE": "2",
    "TORI_DATABASE__POOL__MAX_SIZE": "20",
    "TORI_DATABASE__POOL__TIMEOUT": "12.5",
    "TORI_ENTROPY__THRESHOLD": "0.001",
    "TORI_FEATURES__OCR_FALLBACK": "false",
    "TORI_FEATURES__SMART_FILTERING": "false",
    "TORI_LOGGING__LEVEL": "DEBUG",
    "TORI_OCR__MAX_PAGES": "40",
    "TORI_PARALLELISM__MAX_WORKERS": "4",
    "TORI_PROGRESS__MIN_CHANGE": "5",
    "TORI_PROGRESS__MIN_SECONDS": "2",
}
"""20 variables, four of them the secrets, which both take from there."""

READ = "assert settings.chunking.size == 900 and settings.limits.file_sizes.large.chunks == 1300"

_IMPORTS = """from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict, YamlConfigSettingsSource
"""
_LOAD = """
    @classmethod
    def settings_customise_sources(cls, settings_cls, init_settings, env_settings, **_):
        return init_settings, env_settings, YamlConfigSettingsSource(settings_cls)

load = ToriSettings
"""


def yaml_text() -> str:
    """Each plain key of ToriSettings."""
    return """features:
  context_extraction: true
  frequency_tracking: true
  smart_filtering: true
  entropy_pruning: true
  ocr_fallback: true
  parallel_processing: true
  enhanced_memory_storage: true
ocr: {max_pages: 20}
parallelism: {max_workers: 8}
entropy:
  threshold: 0.0002
  similarity_threshold: 0.8
  max_diverse_concepts: 900
  concepts_per_category: 40
limits:
  file_sizes:
    small: {mb: 1, chunks: 300, concepts: 250}
    medium: {mb: 5, chunks: 500, concepts: 700}
    large: {mb: 25, chunks: 1300, concepts: 1500}
    xlarge: {mb: null, chunks: 2000, concepts: 3000}
section_weights:
  title: 2.0
  abstract: 1.5
  introduction: 1.2
  conclusion: 1.2
  methodology: 1.1
  results: 1.1
  discussion: 1.0
  body: 1.0
  references: 0.7
chunking:
  size: 800
  overlap: 80
logging: {level: INFO}
progress:
  min_change: 1.0
  min_seconds: 0.5
database:
  host: localhost
  port: 5432
  name: tori
  pool:
    min_size: 1
    max_size: 10
    timeout: 30.0
generic_terms: [analysis, approach, data, example, figure, information, method, paper, process, result]
academic_sections: [abstract, introduction, background, methodology, results, discussion, references]
"""


def write(folder: Path) -> None:
    """`tori.yaml`, and `twin.py`, made from the source of ToriSettings itself so that it cannot fall behind."""
    (folder / "tori.yaml").write_text(yaml_text())
    source = (Path(toriconfig.__file__).parent / "schema.py").read_text()
    changes = {
        "from toriconfig._schema.options import SettingsConfigDict\n": _IMPORTS,
        "from toriconfig._core.markers import Ref\n": "",
        "from toriconfig._secrets.secret import Secret\n": "",
        'Annotated[Secret[DatabaseCredentials], Ref("database/creds/tori")]': "DatabaseCredentials",
        "Secret[str]": "SecretStr",
        "class ToriSettings(BaseModel)": "class ToriSettings(BaseSettings)",
        'config_name="tori"': 'yaml_file="tori.yaml"',
        'vault_path="secret/tori",': "",
    }
    for ours, theirs in changes.items():
        if ours not in source:
            raise AssertionError(f"ToriSettings no longer holds {ours!r}")
        source = source.replace(ours, theirs)
    (folder / "twin.py").write_text(source + _LOAD)
