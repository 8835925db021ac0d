"""Every table of the lake, declared once.

The DDL, the data dictionary and the check at each write come from these
declarations. Keys are natural or SHA-256 hashes of content; times are UTC; offsets
count characters (Unicode code points), end exclusive.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pyspark.sql import types as T

_ANSWER = T.StructType(
    [
        T.StructField("rank", T.IntegerType()),
        T.StructField("score", T.DoubleType()),
        T.StructField("sentence_id", T.StringType()),
        T.StructField("sentence", T.StringType()),
    ]
)
_ANSWERED_QUESTION = T.StructType(
    [
        T.StructField("question_id", T.StringType()),
        T.StructField("question", T.StringType()),
        T.StructField("answers", T.ArrayType(_ANSWER)),
    ]
)
_ATTRIBUTE_VALUE = T.StructType(
    [
        T.StructField("attribute", T.StringType()),
        T.StructField("value", T.StringType()),
        T.StructField("normalized_value", T.StringType()),
        T.StructField("score", T.DoubleType()),
        T.StructField("verdict", T.StringType()),
        T.StructField("source", T.StringType()),
    ]
)
_TYPES: Mapping[str, T.DataType] = {
    "string": T.StringType(),
    "int": T.IntegerType(),
    "bigint": T.LongType(),
    "double": T.DoubleType(),
    "boolean": T.BooleanType(),
    "timestamp": T.TimestampType(),
    "binary": T.BinaryType(),
    "array<string>": T.ArrayType(T.StringType()),
    "map<string,string>": T.MapType(T.StringType(), T.StringType()),
    "map<string,bigint>": T.MapType(T.StringType(), T.LongType()),
    "array<answered_question>": T.ArrayType(_ANSWERED_QUESTION),
    "array<attribute_value>": T.ArrayType(_ATTRIBUTE_VALUE),
}


@dataclass(frozen=True, eq=False)
class Table:
    """One Delta table: its name, key, columns, constraints and lay-out.

    Attributes:
        name: Folder below the lake, and name in the ledger.
        comment: What one row is.
        key: Columns that identify a row; never null.
        schema: Columns in order, each with a comment.
        cluster_by: Columns of the liquid clustering.
        constraints: Delta CHECK constraints, name to SQL condition.
        stamps: Columns that say which run wrote the row; a row that differs in
            these alone is the same row.
    """

    name: str
    comment: str
    key: tuple[str, ...]
    schema: T.StructType
    cluster_by: tuple[str, ...] = ("product_id",)
    constraints: Mapping[str, str] = field(default_factory=dict)
    stamps: tuple[str, ...] = ()

    @property
    def columns(self) -> list[str]:
        """Column names in order."""
        return self.schema.fieldNames()


def _schema(
    key: tuple[str, ...], columns: Mapping[str, tuple[str, str]]
) -> T.StructType:
    return T.StructType(
        [
            T.StructField(name, _TYPES[kind], name not in key, {"comment": comment})
            for name, (kind, comment) in columns.items()
        ]
    )


def _table(
    name: str,
    comment: str,
    key: tuple[str, ...],
    columns: Mapping[str, tuple[str, str]],
    *,
    cluster_by: tuple[str, ...] = ("product_id",),
    constraints: Mapping[str, str] | None = None,
    stamps: tuple[str, ...] = (),
) -> Table:
    return Table(
        name=name,
        comment=comment,
        key=key,
        schema=_schema(key, columns),
        cluster_by=cluster_by,
        constraints=constraints or {},
        stamps=stamps,
    )


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


_PRODUCT_ID = ("string", "Product, the shop's own id (Amazon: asin).")
_USER_ID = ("string", "Person, pseudonymous id; null where the source has none.")
_DOMAIN = ("string", "Product domain: first category, else the name of the file.")
_SOURCE_FILE = ("string", "File below the landing zone that the row came from.")
_TEXT_HASH = "SHA-256 of the text, the unit of reuse."

SENTENCE_SOURCES = ("review", "bullet", "description", "community_answer")
SIMILAR = "similar_product"
# In the order in which a catalogue manager trusts them.
LABEL_SOURCES = ("title", "bullet", "description")
ATTRIBUTE_SOURCES = (*LABEL_SOURCES, "review")
TEXT_SIDES = ("question", "passage")
VERDICTS = ("adds", "agrees", "contradicts")
EVIDENCE = ("purchase", "verified_review", "community_answer")

_OFFSETS = {"offsets": "begin >= 0 AND end > begin"}
_SCORE = {"score_range": "score >= 0 AND score <= 1"}

PRODUCTS = _table(
    "products",
    "One product of the shop's catalogue.",
    ("product_id",),
    {
        "product_id": _PRODUCT_ID,
        "domain": _DOMAIN,
        "category": ("array<string>", "Category path, widest first."),
        "title": ("string", "Title, cleaned of HTML."),
        "brand": ("string", "Brand or maker."),
        "price": ("double", "Price in the shop's currency; null if none is given."),
        "bullets": ("array<string>", "Feature bullets in order, cleaned of HTML."),
        "descriptions": ("array<string>", "Description paragraphs, cleaned of HTML."),
        "specifications": (
            "map<string,string>",
            "The shop's own specifications, name to value.",
        ),
        "source_file": _SOURCE_FILE,
    },
    constraints={"price_range": "price IS NULL OR price >= 0"},
    stamps=("domain", "source_file"),
)

REVIEWS = _table(
    "reviews",
    "One review of one product by one person.",
    ("review_id",),
    {
        "review_id": (
            "string",
            "Given id, else hash of product, person and time (or text, if no person).",
        ),
        "product_id": _PRODUCT_ID,
        "user_id": _USER_ID,
        "rating": ("double", "Stars, 1 to 5; null where the source has none."),
        "is_verified": ("boolean", "Whether the shop verified the purchase."),
        "reviewed_at": ("timestamp", "When it was written, UTC."),
        "domain": ("string", "Name that conf gives the file, else the file's own."),
        "source_file": _SOURCE_FILE,
        "summary": ("string", "Headline, cleaned of HTML."),
        "text": ("string", "Review text, cleaned of HTML; never empty."),
    },
    constraints={"rating_range": "rating IS NULL OR (rating >= 1 AND rating <= 5)"},
    stamps=("domain", "source_file"),
)

QUESTIONS = _table(
    "questions",
    "One question about one product.",
    ("question_id",),
    {
        "question_id": ("string", "Given id, else hash of product and text."),
        "product_id": _PRODUCT_ID,
        "user_id": _USER_ID,
        "asked_at": ("timestamp", "When it was asked, UTC."),
        "question_type": ("string", "Kind given by the source: yes/no, open-ended."),
        "domain": ("string", "Name that conf gives the file, else the file's own."),
        "source_file": _SOURCE_FILE,
        "text": ("string", "Question, cleaned of HTML; never empty."),
    },
    stamps=("domain", "source_file"),
)

COMMUNITY_ANSWERS = _table(
    "community_answers",
    "One answer by one person of the community to one question.",
    ("answer_id",),
    {
        "answer_id": (
            "string",
            "Given id, else hash of question, person and time; of the text if none.",
        ),
        "question_id": ("string", "Question that it answers."),
        "product_id": _PRODUCT_ID,
        "user_id": _USER_ID,
        "answered_at": ("timestamp", "When it was answered, UTC."),
        "n_helpful": ("int", "Votes that found it helpful."),
        "n_votes": ("int", "All votes."),
        "domain": ("string", "Name that conf gives the file, else the file's own."),
        "source_file": _SOURCE_FILE,
        "text": ("string", "Answer, cleaned of HTML; never empty."),
    },
    constraints={"votes": "n_helpful >= 0 AND n_votes >= n_helpful"},
    stamps=("domain", "source_file"),
)

PURCHASES = _table(
    "purchases",
    "Evidence that one person bought one product.",
    ("user_id", "product_id", "evidence"),
    {
        "user_id": ("string", "Person, pseudonymous id."),
        "product_id": _PRODUCT_ID,
        "evidence": (
            "string",
            "purchase (a recorded one), verified_review or community_answer (weaker).",
        ),
        "purchased_at": ("timestamp", "First time seen, UTC; null if never given."),
    },
    constraints={
        "evidence_kind": _one_of("evidence", EVIDENCE),
    },
)

_ATTRIBUTE = ("string", "Normal name of the attribute, lower-case words.")
_SPECIFIED = "The shop's own value of the attribute, as landed"
_NO_SPAN = "begin IS NULL AND end IS NULL"

ATTRIBUTE_LABELS = _table(
    "attribute_labels",
    "An attribute that the shop specifies, and its value in a text of the product.",
    ("product_id", "attribute", "source", "source_id"),
    {
        "product_id": _PRODUCT_ID,
        "domain": _DOMAIN,
        "category": ("string", "Category path, widest first, joined by ' > '."),
        "attribute": _ATTRIBUTE,
        "source": ("string", "title, bullet or description."),
        "source_id": ("string", "product_id for the title, else product_id#index."),
        "specified": ("string", f"{_SPECIFIED}."),
        "value": ("string", "That value in the text's own spelling; null: not there."),
        "begin": ("int", "First character in the text; null with value."),
        "end": ("int", "Character behind the last one; null with value."),
        "is_example": (
            "boolean",
            "Whether a model may learn from it; not where the text may hold the value"
            " after all.",
        ),
        "context_hash": ("string", _TEXT_HASH),
        "context": ("string", "The text."),
    },
    constraints={
        "offsets": f"(value IS NULL AND {_NO_SPAN}) OR (begin >= 0 AND end > begin)",
        "source_kind": _one_of("source", LABEL_SOURCES),
    },
)

CATEGORY_ATTRIBUTES = _table(
    "category_attributes",
    "An attribute that products of one category are asked for.",
    ("category", "attribute"),
    {
        "category": (
            "string",
            "A level of the category path, with the wider ones; '*': every product.",
        ),
        "attribute": _ATTRIBUTE,
        "n_products": (
            "bigint",
            "Products of the category whose specifications list it; 0: conf alone asks"
            " for it.",
        ),
        "n_found": ("bigint", "Of these, products with the value in a text."),
        "is_added": ("boolean", "Whether conf asks for it."),
        "shares_with": (
            "array<string>",
            "Attributes to which the shop mostly gives the same value: one place in a"
            " text may be the value of both.",
        ),
        "built_at": ("timestamp", "When it was counted, UTC."),
    },
    cluster_by=("category",),
    constraints={"counts": "n_found >= 0 AND n_products >= n_found"},
    stamps=("built_at",),
)

SENTENCES = _table(
    "sentences",
    "One sentence of a text about a product.",
    ("sentence_id",),
    {
        "sentence_id": ("string", "Hash of product, source, position and text."),
        "product_id": _PRODUCT_ID,
        "domain": _DOMAIN,
        "source": ("string", "review, bullet, description or community_answer."),
        "source_id": (
            "string",
            "review_id or answer_id; for bullets and descriptions product_id#index.",
        ),
        "position": ("int", "Place of the sentence in its source text, from 0."),
        "begin": ("int", "First character in the stored source text."),
        "end": ("int", "Character behind the last one."),
        "text_hash": ("string", _TEXT_HASH),
        "text": ("string", "The sentence: source_text[begin:end]."),
    },
    constraints={
        **_OFFSETS,
        "source_kind": _one_of("source", SENTENCE_SOURCES),
    },
)

TEXT_NOUNS = _table(
    "text_nouns",
    "The nouns of one distinct text, tagged once.",
    ("text_hash", "tagger"),
    {
        "text_hash": ("string", _TEXT_HASH),
        "tagger": ("string", "Name of the part-of-speech tagger and lemmatiser."),
        "nouns": ("array<string>", "Lemmas of its nouns in order, with repetition."),
        "n_tokens": ("int", "Word tokens of the text."),
    },
    cluster_by=("text_hash",),
    constraints={"token_count": "n_tokens >= 0"},
)

ASPECT_NOUNS = _table(
    "aspect_nouns",
    "One aspect noun (AN-word) of one domain in one version of the list.",
    ("domain", "noun", "version"),
    {
        "domain": _DOMAIN,
        "noun": ("string", "Lemma, lower case."),
        "n_domain": ("bigint", "Occurrences as a noun in the domain's sentences."),
        "n_background": ("bigint", "Occurrences in the sentences of other domains."),
        "ratio": (
            "double",
            "In-domain over background frequency; null without a background.",
        ),
        "version": ("string", "Hash of the whole list."),
        "built_at": ("timestamp", "When this version was built last, UTC."),
    },
    cluster_by=("domain",),
    constraints={"counts": "n_domain > 0 AND n_background >= 0"},
)

WORD_COUNTS = _table(
    "word_counts",
    "In how many texts of one domain one plain word is, in one version of the counts.",
    ("domain", "word", "version"),
    {
        "domain": _DOMAIN,
        "word": ("string", "Plain word: lower case, no stop word, no plural ending."),
        "n_with": ("bigint", "Different texts of the domain with the word."),
        "n_texts": ("bigint", "Different texts of the domain."),
        "mean_length": ("double", "Mean plain words of those texts, at least 1."),
        "version": ("string", "Hash of all counts."),
        "built_at": ("timestamp", "When this version was built last, UTC."),
    },
    cluster_by=("domain",),
    constraints={
        "counts": "n_with > 0 AND n_texts >= n_with",
        "length": "mean_length >= 1",
    },
)

QA_PAIRS = _table(
    "qa_pairs",
    "A question with a community answer, labelled for training.",
    ("pair_id",),
    {
        "pair_id": ("string", "Hash of question_id and answer_id."),
        "product_id": ("string", "Product of the question."),
        "domain": _DOMAIN,
        "question_id": ("string", "Question."),
        "answer_id": ("string", "Answer, to this question or to another product's."),
        "label": ("int", "1: top-voted answer; 0: answer of another product."),
        "question": ("string", "Text of the question."),
        "answer": ("string", "Text of the answer."),
    },
    constraints={"label_kind": "label IN (0, 1)"},
)

QR_PAIRS = _table(
    "qr_pairs",
    "A question with a candidate sentence of its product, to be scored.",
    ("pair_id",),
    {
        "pair_id": ("string", "Hash of question_id and sentence_id."),
        "product_id": _PRODUCT_ID,
        "question_id": ("string", "Question."),
        "sentence_id": (
            "string",
            "Candidate; of sentences with the same text the smallest id.",
        ),
        "question_hash": ("string", "SHA-256 of the question's text."),
        "sentence_hash": ("string", "SHA-256 of the sentence's text."),
        "shared_nouns": (
            "array<string>",
            "Words in both texts, sorted: plain words, nouns or not, or AN-words; none"
            " of a passage; see pair_reviews.rule.",
        ),
    },
)

ANSWER_SCORES = _table(
    "answer_scores",
    "The score of one question text against one sentence text by one model.",
    ("question_hash", "sentence_hash", "model_fp"),
    {
        "question_hash": ("string", "SHA-256 of the question's text."),
        "sentence_hash": ("string", "SHA-256 of the sentence's text."),
        "model_fp": ("string", "Fingerprint of the model."),
        "score": ("double", "Probability that the sentence answers, 0 to 1."),
        "scored_at": ("timestamp", "When it was scored, UTC."),
    },
    cluster_by=("question_hash",),
    constraints=_SCORE,
    stamps=("scored_at",),
)

_PROVENANCE = {
    "run_id": ("string", "Run that wrote the row."),
    "model_name": ("string", "Method of the model that scored it."),
    "model_fp": ("string", "Fingerprint of that model."),
    "scored_at": ("timestamp", "When the score was made, UTC."),
}

ATTRIBUTE_SPANS = _table(
    "attribute_spans",
    "What one model finds for one attribute in one text.",
    ("context_hash", "attribute", "model_fp"),
    {
        "context_hash": ("string", _TEXT_HASH),
        "attribute": _ATTRIBUTE,
        "model_fp": ("string", "Fingerprint of the model."),
        "value": ("string", "Best value, however unsure: text[begin:end]; or null."),
        "begin": ("int", "First character in the text; null with value."),
        "end": ("int", "Character behind the last one; null with value."),
        "score": ("double", "Probability that the value is right, 0 to 1; 0: none."),
        "scored_at": ("timestamp", "When it was scored, UTC."),
    },
    cluster_by=("context_hash",),
    constraints={
        **_SCORE,
        "offsets": (
            f"(value IS NULL AND {_NO_SPAN} AND score = 0)"
            " OR (begin >= 0 AND end > begin)"
        ),
    },
    stamps=("scored_at",),
)

ATTRIBUTE_VALUES = _table(
    "attribute_values",
    "The value of an attribute found in a product's texts, with its exact place.",
    ("product_id", "attribute"),
    {
        "product_id": _PRODUCT_ID,
        "attribute": _ATTRIBUTE,
        "value": ("string", "In the text's own spelling: text[begin:end]."),
        "normalized_value": (
            "string",
            "Canonical form: units, colours, numbers, yes or no.",
        ),
        "source": ("string", "title, bullet, description or review."),
        "source_id": (
            "string",
            "product_id for the title, review_id, else product_id#index.",
        ),
        "begin": ("int", "First character in that text."),
        "end": ("int", "Character behind the last one."),
        "score": ("double", "Probability that it is right, 0 to 1."),
        "n_agreeing": (
            "int",
            "Other texts of the product with the same normalized_value.",
        ),
        "verdict": (
            "string",
            "adds (the shop specifies no such attribute), agrees, or contradicts: no"
            " value found agrees.",
        ),
        "specified": ("string", f"{_SPECIFIED}; null where it adds."),
        **_PROVENANCE,
    },
    constraints={
        **_SCORE,
        **_OFFSETS,
        "source_kind": _one_of("source", ATTRIBUTE_SOURCES),
        "verdict_kind": _one_of("verdict", VERDICTS),
        "agreeing": "n_agreeing >= 0",
    },
    stamps=("run_id", "scored_at"),
)

REVIEW_ANSWERS = _table(
    "review_answers",
    "A sentence that answers a shopper's question, best first.",
    ("question_id", "rank"),
    {
        "product_id": _PRODUCT_ID,
        "question_id": ("string", "Question."),
        "rank": ("int", "Place among the question's answers, from 1."),
        "sentence_id": ("string", "Answering sentence, see sentences."),
        "score": ("double", "Probability that it answers, 0 to 1."),
        **_PROVENANCE,
        "question": ("string", "Text of the question."),
        "sentence": ("string", "Text of the sentence."),
    },
    constraints={**_SCORE, "rank_from_one": "rank >= 1"},
    stamps=("run_id", "scored_at"),
)

TEXT_VECTORS = _table(
    "text_vectors",
    "The vector that one model gives a text.",
    ("text_hash", "side", "model_fp"),
    {
        "text_hash": ("string", _TEXT_HASH),
        "side": ("string", "question or passage: a model may read them differently."),
        "model_fp": ("string", "Fingerprint of the model."),
        "scored_at": ("timestamp", "When it was made, UTC."),
        "vector": ("binary", "Numbers of 16 bits (IEEE half), little-endian."),
    },
    cluster_by=("text_hash",),
    constraints={
        "side_kind": _one_of("side", TEXT_SIDES),
        "whole_numbers": "octet_length(vector) % 2 = 0 AND octet_length(vector) > 0",
    },
    stamps=("scored_at",),
)

QUESTION_PASSAGES = _table(
    "question_passages",
    "A passage that was retrieved for a question, of its product's texts best first.",
    ("question_id", "rank"),
    {
        "product_id": _PRODUCT_ID,
        "question_id": ("string", "Question."),
        "rank": ("int", "Place among the question's passages, from 1."),
        "sentence_id": (
            "string",
            "Passage, see sentences; of equal texts of the product the smallest id.",
        ),
        "source": (
            "string",
            "review, bullet, description, community_answer, or similar_product: a"
            " community answer to a like question about another product.",
        ),
        "score": ("double", "Probability that it answers, 0 to 1, as calibrated."),
        **_PROVENANCE,
        "question": ("string", "Text of the question."),
        "passage": ("string", "Text of the passage."),
    },
    constraints={
        **_SCORE,
        "rank_from_one": "rank >= 1",
        "source_kind": _one_of("source", (*SENTENCE_SOURCES, SIMILAR)),
    },
    stamps=("run_id", "scored_at"),
)

ENRICHED_PRODUCTS = _table(
    "enriched_products",
    "One product with all that is known of it: open this first.",
    ("product_id",),
    {
        "product_id": _PRODUCT_ID,
        "domain": _DOMAIN,
        "title": ("string", "Title; null for a product known from its texts only."),
        "brand": ("string", "Brand or maker."),
        "price": ("double", "Price in the shop's currency."),
        "n_reviews": ("bigint", "Reviews of the product."),
        "mean_rating": ("double", "Mean stars, 1 to 5; null without ratings."),
        "n_questions": ("bigint", "Questions about the product."),
        "n_answered_questions": ("bigint", "Questions with an answering sentence."),
        "run_id": ("string", "Run that wrote the row."),
        "model_name": ("string", "Method of the answers' model; null without."),
        "model_fp": ("string", "Fingerprint of that model."),
        "scored_at": ("timestamp", "When the newest of its scores was made, UTC."),
        "category": ("array<string>", "Category path, widest first."),
        "answered_questions": (
            "array<answered_question>",
            "Answered questions by id, each with its answers best first.",
        ),
        "attributes": (
            "array<attribute_value>",
            "Values found in the product's texts, by name of the attribute.",
        ),
    },
    constraints={
        "rating_range": "mean_rating IS NULL OR (mean_rating >= 1 AND mean_rating <= 5)"
    },
    stamps=("run_id", "scored_at"),
)

QUARANTINE = _table(
    "quarantine",
    "A line, file or text that could not be taken, and why.",
    ("stage", "source_file", "position", "item"),
    {
        "stage": ("string", "Stage that refused it."),
        "source_file": ("string", "File below the landing zone, or the table."),
        "position": (
            "bigint",
            "Line or row from 1; byte offset from 0; 0 for a whole file or a key.",
        ),
        "position_unit": ("string", "line, row, byte, file or key."),
        "item": ("string", "Record within the line, or key of the row; else empty."),
        "error_class": ("string", "Kind of error, a short name."),
        "run_id": ("string", "Run that refused it first."),
        "message": ("string", "What was found and what was expected."),
        "raw": ("string", "The input, cut at 1,000 characters."),
    },
    cluster_by=("stage",),
    constraints={
        "unit_kind": "position_unit IN ('line', 'row', 'byte', 'file', 'key')"
    },
    stamps=("run_id",),
)

RUN_LEDGER = _table(
    "run_ledger",
    "One stage of one run.",
    ("run_id", "stage"),
    {
        "run_id": ("string", "Run."),
        "stage": ("string", "Stage, the name of its job."),
        "table_name": ("string", "Table that the stage writes."),
        "status": ("string", "done, unchanged (nothing to do) or failed."),
        "started_at": ("timestamp", "Start, UTC."),
        "seconds": ("double", "Wall-clock seconds."),
        "n_in": ("bigint", "Rows read: n_written + n_duplicate + n_quarantined."),
        "n_written": ("bigint", "Rows inserted or changed."),
        "n_duplicate": ("bigint", "Rows that were there already or repeated."),
        "n_quarantined": ("bigint", "Rows refused, see quarantine."),
        "n_unchanged": (
            "bigint",
            "Rows that stood in the table already with the same content.",
        ),
        "n_deleted": ("bigint", "Rows that went since their input went."),
        "n_cut": ("bigint", "Candidates left out by a limit in conf."),
        "version_before": ("bigint", "Delta version of the table before."),
        "version_after": ("bigint", "Delta version of the table after."),
        "model_fp": ("string", "Fingerprint of the model, if the stage has one."),
        "consumed": ("map<string,bigint>", "Versions of the tables that were read."),
        "settings": ("string", "Settings of the stage, JSON."),
        "message": ("string", "Error of a failed stage, else a remark."),
    },
    cluster_by=("run_id",),
    constraints={"status_kind": "status IN ('done', 'unchanged', 'failed')"},
)

TABLES: tuple[Table, ...] = (
    PRODUCTS,
    REVIEWS,
    QUESTIONS,
    COMMUNITY_ANSWERS,
    PURCHASES,
    ATTRIBUTE_LABELS,
    CATEGORY_ATTRIBUTES,
    SENTENCES,
    TEXT_NOUNS,
    ASPECT_NOUNS,
    WORD_COUNTS,
    QA_PAIRS,
    QR_PAIRS,
    ANSWER_SCORES,
    REVIEW_ANSWERS,
    TEXT_VECTORS,
    QUESTION_PASSAGES,
    ATTRIBUTE_SPANS,
    ATTRIBUTE_VALUES,
    ENRICHED_PRODUCTS,
    QUARANTINE,
    RUN_LEDGER,
)
