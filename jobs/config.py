"""Frozen settings of every job, and the only reader of `conf/`.

YAML files merge left to right, then `--set a.b=c`. Values at the top are shared by
all jobs; a job's own stand in the section that bears its name.
"""

import datetime as dt
import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

CONF = Path(__file__).resolve().parent.parent / "conf"
_GIVEN = ("landing", "lake", "models", "run_date")

Fraction = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
SentenceSource = Literal["review", "bullet", "description", "community_answer"]
Sources = Annotated[tuple[SentenceSource, ...], Field(min_length=1)]
AttributeSource = Literal["title", "bullet", "description", "review"]
AttributeSources = Annotated[tuple[AttributeSource, ...], Field(min_length=1)]


def _method_of(package: str) -> Callable[[str], str]:
    def check(name: str) -> str:
        known = importlib.import_module(package).METHODS
        if name not in known:
            raise ValueError(f"expected one of {', '.join(known)}")
        return name

    return check


def _odd(value: int) -> int:
    if value % 2 == 0:
        raise ValueError("expected an odd number")
    return value


AnswerMethod = Annotated[str, AfterValidator(_method_of("models.answers"))]
AttributeMethod = Annotated[str, AfterValidator(_method_of("models.attributes"))]
PassageMethod = Annotated[str, AfterValidator(_method_of("models.passages"))]


def _normal_name(raw: str) -> str:
    name: str = importlib.import_module("models.attributes.names").attribute_name(raw)
    if not name:
        raise ValueError("expected the name of an attribute that a text may tell")
    return name


AttributeName = Annotated[str, AfterValidator(_normal_name)]


def _texts(options: Any) -> Any:
    """Spark takes texts: YAML's numbers and booleans are written as it reads them."""
    if not isinstance(options, Mapping):
        return options
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in options.items()
    }


class SettingsError(ValueError):
    """A setting is unknown, missing or out of range; one line says which."""


class Section(BaseModel):
    """A frozen group of settings that refuses unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class Spark(Section):
    """How the session is built."""

    master: str | None
    driver_memory: str | None
    shuffle_partitions: Count
    delta_package: bool
    log_level: Literal["ALL", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", "OFF"]
    options: Annotated[dict[str, str], BeforeValidator(_texts)]


class Quarantine(Section):
    """When too much refused input fails a stage."""

    max_fraction: Fraction
    min_rows: Annotated[int, Field(ge=0)]


class Land(Section):
    """How the landing zone is read."""

    piece_bytes: Annotated[int, Field(ge=1024)]
    max_record_bytes: Annotated[int, Field(ge=64)]
    domains: dict[str, str]
    has_answerer_evidence: bool


class Settings(Section):
    """Settings in a section of their own, with what they share with others.

    Class attributes:
        section: Name of the job and of its section.
        shared: Sections at the top that it is given whole.
        borrowed: Settings that stand in another job's section, name to section.
        model: Folder, below `models`, of the model that it needs; None: it needs none.
    """

    section: ClassVar[str] = ""
    model: ClassVar[str | None] = None
    shared: ClassVar[tuple[str, ...]] = ()
    borrowed: ClassVar[Mapping[str, str]] = {}

    models: str | None

    @property
    def models_folder(self) -> str:
        """The folder of model folders; a SettingsError where none is set."""
        folder = _needed("models", self.models)
        if "://" in folder:
            raise SettingsError(
                f"models: {folder} is a URI, expected a path that every worker can open"
                " as files (a shared mount): weights are mapped into memory"
            )
        return folder


class JobSettings(Settings):
    """What every job on the lake is given."""

    shared: ClassVar[tuple[str, ...]] = ("spark", "quarantine")

    landing: str | None
    lake: str
    run_date: dt.date
    spark: Spark
    quarantine: Quarantine

    @property
    def landing_folder(self) -> str:
        """The landing zone; a SettingsError where none is set."""
        return _needed("landing", self.landing)


class LandJob(JobSettings):
    """Settings of the five landing jobs."""

    shared: ClassVar[tuple[str, ...]] = (*JobSettings.shared, "land")

    land: Land


class LandProducts(LandJob):
    """Settings of `land_products`."""

    section: ClassVar[str] = "land_products"


class LandReviews(LandJob):
    """Settings of `land_reviews`."""

    section: ClassVar[str] = "land_reviews"


class LandQuestions(LandJob):
    """Settings of `land_questions`."""

    section: ClassVar[str] = "land_questions"


class LandCommunityAnswers(LandJob):
    """Settings of `land_community_answers`."""

    section: ClassVar[str] = "land_community_answers"


class LandPurchases(LandJob):
    """Settings of `land_purchases`."""

    section: ClassVar[str] = "land_purchases"


class LabelAttributes(JobSettings):
    """Settings of `label_attributes`."""

    section: ClassVar[str] = "label_attributes"

    n_negatives: Annotated[int, Field(ge=0)]


class RefreshJob(JobSettings):
    """Settings of the jobs that build statistics of whole domains."""

    refresh_days: Count


class BuildCategoryAttributes(RefreshJob):
    """Settings of `build_category_attributes`."""

    section: ClassVar[str] = "build_category_attributes"

    min_products: Count
    min_attribute_products: Count
    min_share: Fraction
    min_found: Count
    min_shared: Fraction
    max_attributes: Count
    added: dict[str, tuple[AttributeName, ...]]


class SplitSentences(JobSettings):
    """Settings of `split_sentences`."""

    section: ClassVar[str] = "split_sentences"

    nltk_data: str | None
    max_characters: Annotated[int, Field(ge=20)]
    training_characters: Count


class TagNouns(JobSettings):
    """Settings of `tag_nouns`."""

    section: ClassVar[str] = "tag_nouns"

    tagger: Literal["auto", "nltk", "textblob"]
    nltk_data: str | None


class BuildAspectNouns(RefreshJob):
    """Settings of `build_aspect_nouns`."""

    section: ClassVar[str] = "build_aspect_nouns"

    min_count: Count
    min_ratio: Annotated[float, Field(ge=0)]
    epsilon: Annotated[float, Field(gt=0)]


class BuildWordCounts(RefreshJob):
    """Settings of `build_word_counts`."""

    section: ClassVar[str] = "build_word_counts"
    borrowed: ClassVar[Mapping[str, str]] = {"sources": "pair_reviews"}

    sources: Sources


class PairAnswers(JobSettings):
    """Settings of `pair_answers`."""

    section: ClassVar[str] = "pair_answers"

    n_negatives: Count
    seed: int


class PairReviews(JobSettings):
    """Settings of `pair_reviews`."""

    section: ClassVar[str] = "pair_reviews"

    sources: Sources
    rule: Literal["bm25", "an_words", "passages"]
    min_score: Annotated[float, Field(ge=0)]
    max_pairs_per_question: Count
    max_pairs_per_product: Count


class TensorJob(JobSettings):
    """Settings of the jobs whose tasks compute with torch."""

    threads: Count
    gpus_per_task: Annotated[float, Field(ge=0)]


class ScoringJob(TensorJob):
    """Settings of the jobs that run a model over what it has not scored."""

    chunk_size: Count
    token_budget: Annotated[int, Field(ge=128)]


class ScoreAnswers(ScoringJob):
    """Settings of `score_answers`."""

    section: ClassVar[str] = "score_answers"
    model: ClassVar[str | None] = "answers"

    precision: Literal["fp32", "bf16", "fp16"]
    block_sentences: Count
    block_questions: Count


class RankAnswers(JobSettings):
    """Settings of `rank_answers`."""

    section: ClassVar[str] = "rank_answers"
    model: ClassVar[str | None] = "answers"

    top_k: Count
    threshold: Fraction | None
    at_precision: Fraction | None


class EncodePassages(ScoringJob):
    """Settings of `encode_passages`."""

    section: ClassVar[str] = "encode_passages"
    model: ClassVar[str | None] = "passages"

    precision: Literal["fp32", "bf16", "fp16"]
    sources: Sources


class RetrievePassages(TensorJob):
    """Settings of `retrieve_passages`."""

    section: ClassVar[str] = "retrieve_passages"
    model: ClassVar[str | None] = "passages"
    borrowed: ClassVar[Mapping[str, str]] = {"sources": "encode_passages"}

    sources: Sources
    top_k: Count
    n_similar: Annotated[int, Field(ge=0)]
    min_cosine: Annotated[float, Field(ge=-1, le=1)]
    approximate_above: Count
    block_passages: Count
    block_questions: Count

    @field_validator("n_similar")
    @classmethod
    def _answers_have_vectors(cls, value: int, info: ValidationInfo) -> int:
        if value and "community_answer" not in info.data.get("sources", ()):
            raise ValueError("expected community_answer in encode_passages.sources")
        return value


class ExtractAttributes(ScoringJob):
    """Settings of `extract_attributes`."""

    section: ClassVar[str] = "extract_attributes"
    model: ClassVar[str | None] = "attributes"

    precision: Literal["fp32", "bf16", "fp16", "int8"]
    sources: AttributeSources


class ChooseAttributes(JobSettings):
    """Settings of `choose_attributes`."""

    section: ClassVar[str] = "choose_attributes"
    model: ClassVar[str | None] = "attributes"
    borrowed: ClassVar[Mapping[str, str]] = {"sources": "extract_attributes"}

    sources: AttributeSources
    threshold: Fraction | None
    at_precision: Fraction | None


class EnrichProducts(JobSettings):
    """Settings of `enrich_products`."""

    section: ClassVar[str] = "enrich_products"


SplitBy = Literal["question", "product"]
PoolOf = Literal["gold", "all"]
Among = Literal["domain", "group"]


class TrainAnswers(JobSettings):
    """Settings of `train_answers`."""

    section: ClassVar[str] = "train_answers"

    method: AnswerMethod
    preset: Literal["paper", "released_code"]
    released_flaws: tuple[Literal["slot_bias", "batch_r1", "batch_r2"], ...]
    vectors: str | None
    vector_size: Count
    vector_min_count: Count
    vector_epochs: Count
    vector_sentences: Count
    validation_share: Annotated[float, Field(gt=0, lt=1)]
    test_share: Annotated[float, Field(ge=0, lt=1)]
    split_by: SplitBy
    hidden_size: Count
    attention_size: Count
    character_size: Annotated[int, Field(ge=0, multiple_of=2)]
    dropout: Annotated[float, Field(ge=0, lt=1)]
    mu: Annotated[float, Field(ge=0)]
    eta: Annotated[float, Field(ge=0)]
    batch_size: Annotated[int, Field(ge=2)]
    max_tokens: Count
    pretrain_epochs: tuple[Annotated[float, Field(ge=0)], ...]
    pretrain_pairs: Annotated[int, Field(ge=0)]
    n_filters: Count
    filter_width: Annotated[int, Field(ge=1), AfterValidator(_odd)]
    fused_size: Count
    soft_size: Count
    soft_weights: tuple[Annotated[float, Field(ge=0)], ...]
    encoder: str | None
    encoder_learning_rate: Annotated[float, Field(gt=0)]
    encoder_batch_size: Annotated[int, Field(ge=2)]
    encoder_epochs: Count
    encoder_qa_pairs: Annotated[int, Field(ge=0)]
    cross_trained_layers: Count | None
    cross_precision: Literal["fp32", "bf16"]
    late_size: Count
    late_dropout: Annotated[float, Field(ge=0, lt=1)]
    late_trained_layers: Annotated[int, Field(ge=0)]
    learning_rate: Annotated[float, Field(gt=0)]
    fine_tune_learning_rate: Annotated[float, Field(gt=0)]
    max_epochs: Count
    patience: Count
    max_seconds: Annotated[float, Field(gt=0)]
    seed: int
    threads: Count | None


SplitAttributesBy = Literal["product", "triple"]


class TrainAttributes(Settings):
    """Settings of `train_attributes`."""

    section: ClassVar[str] = "train_attributes"

    method: AttributeMethod
    validation_share: Annotated[float, Field(gt=0, lt=1)]
    test_share: Annotated[float, Field(ge=0, lt=1)]
    split_by: SplitAttributesBy
    max_lake_labels: Count
    encoder: str | None
    max_tokens: Annotated[int, Field(ge=16)]
    stride: Annotated[int, Field(ge=0)]
    learning_rate: Annotated[float, Field(gt=0)]
    head_learning_rate: Annotated[float, Field(gt=0)]
    warm_up: Annotated[float, Field(ge=0, lt=1)]
    batch_size: Annotated[int, Field(ge=2)]
    max_epochs: Count
    min_steps: Annotated[int, Field(ge=0)]
    patience: Count
    max_seconds: Annotated[float, Field(gt=0)]
    alpha: Annotated[float, Field(ge=0)]
    beta: Annotated[float, Field(ge=0)]
    temperature: Annotated[float, Field(gt=0)]
    is_literal_head: bool
    is_literal_direction: bool
    is_single_pass: bool
    mask_share: Annotated[float, Field(gt=0, lt=1)]
    mlm_epochs: Annotated[float, Field(gt=0)]
    mlm_heads: str | None
    is_forgetting_measured: bool
    dropout: Annotated[float, Field(ge=0, lt=1)]
    precision: Literal["fp32", "bf16"]
    hidden_size: Count
    lstm_dropout: Annotated[float, Field(ge=0, lt=1)]
    attention_size: Count
    tagger_learning_rate: Annotated[float, Field(gt=0)]
    tagger_batch_size: Count
    tagger_epochs: Count
    tagger_patience: Count
    min_values: Count
    min_threshold_values: Count
    seed: int
    threads: Count | None


class TrainPassages(Settings):
    """Settings of `train_passages`."""

    section: ClassVar[str] = "train_passages"

    method: PassageMethod
    validation_share: Annotated[float, Field(gt=0, lt=1)]
    test_share: Annotated[float, Field(ge=0, lt=1)]
    max_questions: Count
    max_validation: Count
    max_pair_questions: Count
    pool: PoolOf
    encoder: str | None
    max_question_tokens: Annotated[int, Field(ge=3)]
    max_passage_tokens: Annotated[int, Field(ge=3)]
    is_two_tower: bool
    n_hops: Count
    hop_size: Count | None
    learning_rate: Annotated[float, Field(gt=0)]
    batch_size: Annotated[int, Field(ge=2)]
    max_epochs: Count
    tuned_epochs: Count
    small_learning_rate: Annotated[float, Field(gt=0)]
    small_batch_size: Annotated[int, Field(ge=2)]
    small_epochs: Count
    patience: Count
    max_seconds: Annotated[float, Field(gt=0)]
    dropout: Annotated[float, Field(ge=0, lt=1)]
    precision: Literal["fp32", "bf16"]
    duplicates: Literal["literal", "masked"]
    alpha_dual: Annotated[float, Field(ge=0)]
    alpha_cross: Annotated[float, Field(ge=0)]
    alpha_alignment: Annotated[float, Field(ge=0)]
    alpha_between: Annotated[float, Field(ge=0)]
    alpha_within: Annotated[float, Field(ge=0)]
    terms: tuple[Literal["a|q", "q|a", "q|q", "a|a"], ...]
    ramp_epochs: Annotated[float, Field(ge=0)]
    kernel: Literal["inner", "gauss"]
    width_cross: Annotated[float, Field(gt=0)]
    width_dual: Annotated[float, Field(gt=0)]
    is_diagonal_masked: bool
    is_teacher_taught: bool
    is_clip_shared: bool
    is_cross_shared: bool
    cross_gain: Annotated[float, Field(gt=0)]
    n_heads: Count
    latent_size: Count
    alpha_rebuilt: Annotated[float, Field(ge=0)]
    beta_divergence: Annotated[float, Field(ge=0)]
    gamma_match: Annotated[float, Field(ge=0)]
    sentence_size: Count
    sentence_weights: str | None
    sentence_vectors: str | None
    n_negatives: Count
    seed: int
    threads: Count | None


class AnswerSet(Section):
    """A labelled set of a comparison."""

    format: str
    files: Annotated[tuple[str, ...], Field(min_length=1)]
    where: tuple[str, ...] = ()
    positive_from: float | None = None


Study = Literal["methods", "regularisers", "pretraining", "k", "mu", "eta"]


class CompareAnswers(JobSettings):
    """Settings of `compare_answers`."""

    section: ClassVar[str] = "compare_answers"

    data: str | None
    sets: dict[str, AnswerSet]
    methods: tuple[AnswerMethod, ...]
    seeds: Annotated[tuple[int, ...], Field(min_length=1)]
    studies: tuple[Study, ...]
    study_set: str
    pretraining: tuple[Annotated[float, Field(ge=0)], ...]
    k: tuple[Count, ...]
    mu: tuple[Annotated[float, Field(ge=0)], ...]
    eta: tuple[Annotated[float, Field(ge=0)], ...]
    processes: Count
    threads: Count
    n_resamples: Count
    speed_set: str
    speed_questions: Count


class AttributeSet(Section):
    """A labelled set of attribute values of a comparison.

    Attributes:
        held_out: Attributes that are the test part, whatever their products; then other
            attributes, drawn by a hash, are what is chosen by.
        max_training: Rows to train on, whole products by a hash; None: all.
        max_validation: Rows to choose by, likewise.
        published: Whose figures of the paper stand beside.
    """

    format: str
    files: Annotated[tuple[str, ...], Field(min_length=1)]
    where: tuple[str, ...] = ()
    split_by: SplitAttributesBy = "product"
    held_out: tuple[str, ...] = ()
    max_training: Count | None = None
    max_validation: Count | None = None
    published: Literal["ae-pub", "ae-zero-shot"] | None = None


AttributeStudy = Literal[
    "methods",
    "multi_task",
    "forgetting",
    "batch_size",
    "learning_rate",
    "alpha",
    "beta",
]


class CompareAttributes(Settings):
    """Settings of `compare_attributes`."""

    section: ClassVar[str] = "compare_attributes"

    data: str | None
    sets: dict[str, AttributeSet]
    methods: tuple[AttributeMethod, ...]
    own: AttributeMethod
    seeds: Annotated[tuple[int, ...], Field(min_length=1)]
    studies: tuple[AttributeStudy, ...]
    study_set: str
    multi_task_sets: tuple[str, ...]
    batch_size: tuple[Annotated[int, Field(ge=2)], ...]
    learning_rate: tuple[Annotated[float, Field(gt=0)], ...]
    alpha: tuple[Annotated[float, Field(ge=0)], ...]
    beta: tuple[Annotated[float, Field(ge=0)], ...]
    processes: Count
    threads: Count
    n_resamples: Count


class PassageSet(Section):
    """A set of questions with passages of a comparison.

    Attributes:
        max_training: Questions to train on, by a hash; None: as train_passages says.
        max_test: Questions to measure on, likewise; None: all.
        is_among_all: Whether the pool `all` holds the answers of all questions of the
            set, and not only what the measured ones were asked of.
        published: Whose figures of the paper stand beside.
    """

    format: str
    files: Annotated[tuple[str, ...], Field(min_length=1)]
    where: tuple[str, ...] = ()
    max_training: Count | None = None
    max_test: Count | None = None
    is_among_all: bool = False
    published: Literal["squad", "natural-questions", "hotpotqa", "newsqa"] | None = None


PassageStudy = Literal["methods", "alignment", "variants"]


class ComparePassages(Settings):
    """Settings of `compare_passages`."""

    section: ClassVar[str] = "compare_passages"

    data: str | None
    sets: dict[str, PassageSet]
    methods: tuple[PassageMethod, ...]
    own: PassageMethod
    seeds: Annotated[tuple[int, ...], Field(min_length=1)]
    studies: tuple[PassageStudy, ...]
    study_set: str
    study_method: PassageMethod
    variants: dict[str, dict[str, Any]]
    min_questions: tuple[Count, ...]
    pair_questions: Annotated[int, Field(ge=2)]
    processes: Count
    threads: Count
    n_resamples: Count


class CompareCandidates(JobSettings):
    """Settings of `compare_candidates`, beside those of `compare_answers`."""

    section: ClassVar[str] = "compare_candidates"

    domains: dict[str, str]
    shares: tuple[Annotated[float, Field(gt=0, lt=1)], ...]


S = TypeVar("S", bound=Settings)
_OPEN = (
    "spark.options",
    "land.domains",
    "build_category_attributes.added",
    "compare_answers.sets",
    "compare_attributes.sets",
    "compare_passages.sets",
    "compare_passages.variants",
    "compare_candidates.domains",
)
_TOP = ("landing", "lake", "models", "run_date", "spark", "quarantine", "land")


def spark_of(document: Mapping[str, Any]) -> Spark:
    """The session's settings alone, for commands that touch no lake.

    Raises:
        SettingsError: With path, value and expectation of the first error.
    """
    try:
        return Spark.model_validate(document["spark"])
    except ValidationError as error:
        raise SettingsError(_message(error, "spark")) from None


def _needed(name: str, value: str | None) -> str:
    if value is None:
        raise SettingsError(f"{name}: not set, expected a folder (--set {name}=DIR)")
    return value


def read(confs: Sequence[str], overrides: Sequence[str]) -> dict[str, Any]:
    """The merged document of `conf/base.yaml`, `confs` and `overrides`.

    Args:
        confs: YAML files, later ones win.
        overrides: `a.b=c`, the value read as YAML.

    Raises:
        SettingsError: A file is missing or no mapping, a name is unknown.
    """
    document = _yaml(CONF / "base.yaml")
    for conf in confs:
        _merge(document, _yaml(Path(conf)), path="")
    for override in overrides:
        name, equals, raw = override.partition("=")
        if not equals or not name.strip():
            raise SettingsError(f"--set {override}: expected NAME=VALUE")
        _merge(document, _nested(_names(name), _value(name, raw)), path="")
    if document["run_date"] is None:
        document["run_date"] = dt.datetime.now(dt.UTC).date()
    return document


def settings_of(job: type[S], document: Mapping[str, Any]) -> S:
    """The settings of one job out of a merged document.

    Raises:
        SettingsError: With path, value and expectation of the first error.
    """
    top = {name: document[name] for name in _GIVEN if name in job.model_fields}
    shared = {name: document[name] for name in job.shared}
    own = document.get(job.section) or {}
    borrowed = {name: document[other][name] for name, other in job.borrowed.items()}
    try:
        return job.model_validate({**top, **shared, **own, **borrowed})
    except ValidationError as error:
        first = str(error.errors()[0]["loc"][0])
        section = job.borrowed.get(first, job.section)
        raise SettingsError(_message(error, section)) from None


def _yaml(path: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}, expected a YAML file") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: {' '.join(str(error).split())}") from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise SettingsError(f"{path}: expected names and values")
    return document


def _value(name: str, raw: str) -> Any:
    try:
        return yaml.safe_load(raw)
    except yaml.YAMLError:
        raise SettingsError(f"{name}: {raw!r} is not YAML") from None


def _names(path: str) -> list[str]:
    """The names of a path; what follows an open section is one name, dots and all."""
    for section in _OPEN:
        if path.startswith(f"{section}."):
            return [*section.split("."), path.removeprefix(f"{section}.")]
    return path.strip().split(".")


def _nested(names: list[str], value: Any) -> dict[str, Any]:
    for name in reversed(names):
        value = {name: value}
    return dict(value)


def _merge(below: dict[str, Any], above: Mapping[str, Any], *, path: str) -> None:
    """Put `above` over `below` in place; names must be known but in open sections."""
    for name, value in above.items():
        here = f"{path}{name}"
        if name not in below and path.rstrip(".") not in _OPEN:
            known = ", ".join(map(str, below))
            raise SettingsError(f"{here}: unknown, expected one of [{known}]")
        if isinstance(below.get(name), dict):
            if not isinstance(value, Mapping):
                raise SettingsError(f"{here}: {value!r}, expected names and values")
            _merge(below[name], value, path=f"{here}.")
        else:
            below[name] = value


def _message(error: ValidationError, section: str) -> str:
    first = error.errors()[0]
    where = [str(part) for part in first["loc"]]
    if where[0] not in _TOP:
        where.insert(0, section)
    elif first["type"] == "string_type" and first["input"] is None:
        name = ".".join(where)
        return f"{name}: not set, expected a folder (--set {name}=DIR)"
    return f"{'.'.join(where)}: {first['input']!r}, {_expected(first['msg'])}"


def _expected(message: str) -> str:
    lowered = message[:1].lower() + message[1:]
    return lowered.replace("input should be", "expected")
