"""What a generated product consists of, before any format."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mention:
    """A value of an attribute in a product's text, `text[begin:end] == value`.

    `source` is title, bullet or description, `source_index` its place in the list.
    `verdict` compares what is true with the shop's own specification: adds (it lists no
    such attribute), agrees, or contradicts (it lists a wrong value).
    """

    attribute: str
    value: str
    source: str
    source_index: int
    begin: int
    end: int
    verdict: str


@dataclass(frozen=True)
class Sentence:
    """A review sentence as it stands in the cleaned text.

    `aspect` is the aspect whose questions it answers, None where it answers nothing.
    """

    text: str
    aspect: str | None


@dataclass(frozen=True)
class Review:
    """A review; `raw_text` has the entities and tags that `sentences` do without.

    `day` counts from 1970-01-01; a reviewer or a rating may be missing.
    """

    user_id: str | None
    rating: int | None
    sentences: tuple[Sentence, ...]
    raw_text: str
    summary: str
    day: int
    is_verified: bool
    n_helpful: int
    n_votes: int
    style: str | None
    is_repeated: bool


@dataclass(frozen=True)
class Answer:
    """A community answer; `kind` is Y, N or ? for a yes/no question, else empty."""

    user_id: str
    text: str
    kind: str
    day: int
    n_helpful: int
    n_votes: int


@dataclass(frozen=True)
class Question:
    """A question about one aspect, with its answers."""

    user_id: str
    aspect: str
    text: str
    is_yes_no: bool
    day: int
    answers: tuple[Answer, ...]
    is_repeated: bool


@dataclass(frozen=True)
class Purchase:
    """Who bought which product on which day."""

    user_id: str
    product_id: str
    day: int


@dataclass(frozen=True)
class SampleProduct:
    """A product with everything that was written about it.

    `specification` gives attribute names and values, as the shop lists them: some are
    missing, some wrong.
    """

    product_id: str
    domain: str
    categories: tuple[str, ...]
    brand: str
    title: str
    bullets: tuple[str, ...]
    descriptions: tuple[str, ...]
    price: str
    specification: tuple[tuple[str, str], ...]
    mentions: tuple[Mention, ...]
    reviews: tuple[Review, ...]
    questions: tuple[Question, ...]
    purchases: tuple[Purchase, ...]
