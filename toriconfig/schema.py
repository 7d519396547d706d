"""ToriSettings: the settings of the TORI ingestion pipeline, with names, bounds, units and defaults."""

# No `from __future__ import annotations`: pydantic would compile each annotation at every start.

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from toriconfig._core.clean_call import clean_init
from toriconfig._core.markers import Ref
from toriconfig._schema.options import SettingsConfigDict
from toriconfig._secrets.secret import Secret

Words = set[str]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, validate_default=False)


class Features(_Section):
    """Switches for the stages of the TORI pipeline, which extracts concepts from documents."""

    context_extraction: bool = Field(default=True, description="Extract the context of concepts.")
    frequency_tracking: bool = Field(default=True, description="Count how often each concept appears.")
    smart_filtering: bool = Field(default=True, description="Drop generic terms and noise.")
    entropy_pruning: bool = Field(default=True, description="Prune concepts that add little information.")
    ocr_fallback: bool = Field(default=True, description="Read pages without text by optical character recognition.")
    parallel_processing: bool = Field(default=True, description="Process several documents concurrently.")
    enhanced_memory_storage: bool = Field(default=True, description="Store the relations of concepts too.")


class Ocr(_Section):
    """Settings of the TORI pipeline's optical character recognition."""

    max_pages: int | None = Field(default=None, ge=1, description="Maximum pages per document; null = no limit.")


class Parallelism(_Section):
    """Settings of the TORI pipeline's concurrent processing."""

    max_workers: int | None = Field(
        default=None, ge=1, le=64, description="Worker threads, 1 to 64; null = one per CPU."
    )


class Entropy(_Section):
    """Settings of the TORI pipeline's entropy pruning, which drops concepts that add little information."""

    threshold: float = Field(default=0.0001, ge=0, le=1, description="Minimum entropy gain of a kept concept, 0 to 1.")
    similarity_threshold: float = Field(
        default=0.85, ge=0, le=1, description="Minimum similarity at which concepts are merged, 0 to 1."
    )
    max_diverse_concepts: int | None = Field(
        default=None, ge=1, description="Maximum number of concepts to keep; null = no limit."
    )
    concepts_per_category: int | None = Field(
        default=None, ge=1, description="Maximum number of concepts to keep per category; null = no limit."
    )


class FileSizeTier(_Section):
    """Limits for files up to a maximum size."""

    mb: float | None = Field(
        description="Largest file of the tier, in megabytes (1,000,000 bytes); null = no limit.", gt=0, le=1_000_000
    )
    chunks: int = Field(ge=1, description="Maximum chunks to keep per document.")
    concepts: int = Field(ge=1, description="Maximum concepts to keep per document.")


class FileSizes(_Section):
    """Maximum numbers of chunks and concepts per document, for four ranges of file size.

    From `small` to `xlarge`, the file sizes and the maximum numbers must increase.
    """

    small: FileSizeTier = Field(default=FileSizeTier(mb=1, chunks=300, concepts=250), description="Up to 1 MB.")
    medium: FileSizeTier = Field(default=FileSizeTier(mb=5, chunks=500, concepts=700), description="Up to 5 MB.")
    large: FileSizeTier = Field(default=FileSizeTier(mb=25, chunks=1200, concepts=1500), description="Up to 25 MB.")
    xlarge: FileSizeTier = Field(default=FileSizeTier(mb=None, chunks=2000, concepts=3000), description="Over 25 MB.")

    @model_validator(mode="after")
    def _grow(self) -> Self:
        tiers = [("small", self.small), ("medium", self.medium), ("large", self.large), ("xlarge", self.xlarge)]
        for (name, low), (above, high) in pairwise(tiers):
            if low.mb is None or (high.mb is not None and high.mb <= low.mb):
                raise ValueError(f"mb of `{above}` must be larger than mb of `{name}`")
            if high.chunks <= low.chunks or high.concepts <= low.concepts:
                raise ValueError(f"chunks and concepts of `{above}` must be larger than those of `{name}`")
        return self

    def tier(self, size: int) -> FileSizeTier:
        """Return `small`, `medium`, `large` or `xlarge`: the limits for a file of this size.

        Args:
            size: size of the file in bytes.
        """
        tiers = (self.small, self.medium, self.large)
        return next((tier for tier in tiers if tier.mb is not None and size <= tier.mb * 1_000_000), self.xlarge)


class Limits(_Section):
    """Settings of the TORI pipeline: how many text chunks and concepts are kept per document."""

    file_sizes: FileSizes = Field(default_factory=FileSizes, description="Limits by file size.")


class Chunking(_Section):
    """Settings of the TORI pipeline's division of text into chunks."""

    size: int = Field(default=800, ge=50, le=100_000, description="Characters per chunk, 50 to 100,000.")
    overlap: int = Field(default=80, ge=0, description="Characters shared with the previous chunk; less than `size`.")

    @model_validator(mode="after")
    def _advance(self) -> Self:
        if self.overlap >= self.size:
            raise ValueError("overlap must be less than size")
        return self


class Logging(_Section):
    """Settings of the TORI pipeline's log."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(
        default="INFO", description="Minimum level of log records."
    )


class Progress(_Section):
    """Settings of the TORI pipeline's progress reports."""

    min_change: float = Field(default=1.0, ge=0, le=100, description="Percentage points between two reports, 0 to 100.")
    min_seconds: float = Field(default=0.5, ge=0, le=86_400, description="Seconds between two reports, 0 to 86,400.")


class Pool(_Section):
    """Settings of the TORI pipeline's pool of database connections."""

    min_size: int = Field(default=1, ge=0, le=1000, description="Minimum number of open connections.")
    max_size: int = Field(
        default=10, ge=1, le=1000, description="Maximum number of open connections; at least `min_size`."
    )
    timeout: float = Field(
        default=30.0, gt=0, le=3600, description="Seconds to wait for a free connection, over 0 to 3600."
    )

    @model_validator(mode="after")
    def _hold(self) -> Self:
        if self.max_size < self.min_size:
            raise ValueError("max_size must be at least min_size")
        return self


class DatabaseCredentials(_Section):
    """User name and password of one database account, always from the same version of the secret."""

    username: str = Field(description="Account name.")
    password: str = Field(description="Password of the account.", repr=False)


class Database(_Section):
    """Settings of the database in which the TORI pipeline stores documents."""

    host: str = Field(
        default="localhost", min_length=1, max_length=253, description="Host name or IP address of the server."
    )
    port: int = Field(default=5432, ge=1, le=65535, description="TCP port of the server.")
    name: str = Field(default="tori", min_length=1, max_length=63, description="Name of the database.")
    pool: Pool = Field(default_factory=Pool, description="The connection pool.")
    credentials: Annotated[Secret[DatabaseCredentials], Ref("database/creds/tori")] = Field(
        description="Account for the login, from Vault's database engine."
    )


_WEIGHTS = {
    "title": 2.0,
    "abstract": 1.5,
    "introduction": 1.2,
    "conclusion": 1.2,
    "methodology": 1.1,
    "results": 1.1,
    "discussion": 1.0,
    "body": 1.0,
    "references": 0.7,
}
_GENERIC = {"analysis", "approach", "data", "example", "figure", "information", "method", "paper", "process", "result"}
_GENERIC |= {"section", "study", "system", "table", "thing", "use", "value", "way", "work"}
_ACADEMIC = {"abstract", "introduction", "background", "related work", "methodology", "methods", "experiments"}
_ACADEMIC |= {"results", "discussion", "conclusion", "references", "appendix", "acknowledgements"}


@clean_init
class ToriSettings(BaseModel):
    """All settings of the TORI pipeline."""

    model_config = SettingsConfigDict(
        frozen=True,
        config_name="tori",
        env_prefix="TORI_",
        env_nested_delimiter="__",
        vault_path="secret/tori",
        validate_default=False,
        protected_namespaces=(),
    )

    features: Features = Field(default_factory=Features, description="Switches of the pipeline's stages.")
    ocr: Ocr = Field(default_factory=Ocr, description="Optical character recognition.")
    parallelism: Parallelism = Field(default_factory=Parallelism, description="Concurrent processing.")
    entropy: Entropy = Field(default_factory=Entropy, description="Pruning by information content.")
    limits: Limits = Field(default_factory=Limits, description="Maximum chunks and concepts to keep per document.")
    section_weights: dict[str, Annotated[float, Field(ge=0, le=100)]] = Field(
        default=_WEIGHTS, description="Weight of concepts by section of the document, 0 to 100."
    )
    generic_terms: Words = Field(default=_GENERIC, description="Words that are never concepts.")
    academic_sections: Words = Field(default=_ACADEMIC, description="Headings that start a section.")
    chunking: Chunking = Field(default_factory=Chunking, description="Division of text into chunks.")
    logging: Logging = Field(default_factory=Logging, description="The pipeline's log.")
    progress: Progress = Field(default_factory=Progress, description="Frequency of progress reports.")
    database: Database = Field(default_factory=Database, description="Database in which documents are stored.")  # type: ignore[arg-type]
    api_key: Secret[str] = Field(description="API key of the concept service.")
    database_url: Secret[str] = Field(description="URL of the database, including credentials.")
    embedding_token: Secret[str] = Field(description="Access token of the embedding service.")
