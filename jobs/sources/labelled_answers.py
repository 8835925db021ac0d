"""Labelled question-sentence pairs of every format, with the same columns, in parts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from jobs.config import SettingsError, SplitBy
from jobs.sources import ecml_pqa, epqa, hetpqa, subjqa
from jobs.sources.answers_jsonl import read_jsonl
from jobs.sources.graded import GradedPair, Reader
from jobs.sources.sets import having, in_parts, normalised, read_file


@dataclass(frozen=True)
class LabelledPair:
    """A question with a sentence, and whether the sentence answers it.

    Attributes:
        product_id: Product of both; empty where the set names none.
        question: Text of the question.
        sentence: Text of the sentence.
        label: 1 answers, 0 does not: what the rule made of the grade.
        grade: The set's grade as a share of its highest, 0 to 1.
        source: Kind of text the sentence is from; empty where unknown.
        domain: Domain of the product; empty where unknown.
    """

    product_id: str
    question: str
    sentence: str
    label: int
    grade: float
    source: str = ""
    domain: str = ""


@dataclass(frozen=True)
class Format:
    """How a labelled set is read, and what its grades say.

    Attributes:
        read: Gives the pairs of an open file.
        top: Highest grade of the set.
        positive_from: Lowest grade that is a positive, unless a run says otherwise.
        unit: What a grade is.
    """

    read: Reader
    top: float
    positive_from: float
    unit: str


FORMATS: Mapping[str, Format] = {
    "jsonl": Format(read_jsonl, 1, 0.5, "grade"),
    # Grade 1 "helps" and does not answer.
    "epqa": Format(epqa.read_epqa, epqa.HIGHEST, 2, "grade"),
    # The mean rounds to 2 or 3.
    "ecml-pqa": Format(
        ecml_pqa.read_ecml_pqa, ecml_pqa.HIGHEST, 1.5, "mean of three scores"
    ),
    "hetpqa": Format(hetpqa.read_hetpqa, hetpqa.HIGHEST, 1, "grade"),
    # Below the share that one annotator of any number is: anyone's mark will do.
    "subjqa": Format(
        subjqa.read_subjqa, subjqa.HIGHEST, 0.01, "share of annotators who marked it"
    ),
}


def read(
    paths: Sequence[str],
    format_name: str,
    *,
    where: Sequence[str] = (),
    positive_from: float | None = None,
) -> list[LabelledPair]:
    """All pairs of the files, without those that `where` leaves out.

    Args:
        paths: Files, gzip or not.
        format_name: One of `FORMATS`.
        where: `column=value` conditions, all of which must hold.
        positive_from: Lowest grade, in the set's own units, that is a positive; None
            takes the format's.

    Raises:
        SettingsError: A file is missing, unreadable, or holds nothing; with its line.
    """
    form = FORMATS[format_name]
    lowest = _lowest(format_name, positive_from)
    graded = [pair for path in paths for pair in read_file(path, form.read)]
    pairs = [labelled(pair, form, lowest) for pair in graded]
    kept = having(pairs, where, LabelledPair)
    if not kept:
        names = ", ".join(paths)
        raise SettingsError(f"{names}: no labelled pair, expected {format_name} rows")
    return kept


def rule(format_name: str, positive_from: float | None = None) -> str:
    """What makes a grade a positive, in words, to stand beside every result.

    >>> rule("ecml-pqa")
    'ecml-pqa: mean of three scores >= 1.5'
    >>> rule("epqa", 1)
    'epqa: grade >= 1'
    """
    lowest = _lowest(format_name, positive_from)
    return f"{format_name}: {FORMATS[format_name].unit} >= {lowest:g}"


def _lowest(format_name: str, positive_from: float | None) -> float:
    form = FORMATS[format_name]
    if positive_from is None:
        return form.positive_from
    if not 0 < positive_from <= form.top:
        raise SettingsError(
            f"--positive-from {positive_from:g}: expected above 0 and at most"
            f" {form.top:g}, {format_name}'s highest {form.unit}"
        )
    return positive_from


def labelled(
    pair: GradedPair, form: Format, lowest: float | None = None
) -> LabelledPair:
    """A pair with what the rule makes of its grade.

    Args:
        pair: As the set has it.
        form: Of the set.
        lowest: Grade that is a positive, at least; None takes the format's.
    """
    least = form.positive_from if lowest is None else lowest
    return LabelledPair(
        product_id=pair.product_id,
        question=pair.question,
        sentence=pair.sentence,
        label=int(pair.grade >= least),
        grade=pair.grade / form.top,
        source=pair.source,
        domain=pair.domain,
    )


def split(
    pairs: Sequence[LabelledPair], *, shares: Sequence[float], seed: int, by: SplitBy
) -> list[list[LabelledPair]]:
    """The pairs in parts by a hash of the seed and what they are split by.

    By question, the pairs of one question text are in one part, whatever their
    product, case and white space: no test question's words are trained on. By
    product, the pairs of one product are; its questions may be asked in another part
    too.

    Args:
        pairs: Labelled pairs.
        shares: Share of each part but the last, which gets the rest; sum at most 1.
        seed: Another seed, another split.
        by: question or product.

    Raises:
        SettingsError: Split by product, and a pair names none.
    """
    return in_parts(pairs, _KEYS[by], shares=shares, seed=seed)


def _question(pair: LabelledPair) -> str:
    return normalised(pair.question)


def _product(pair: LabelledPair) -> str:
    if not pair.product_id:
        raise SettingsError(
            "train_answers.split_by: 'product', expected question for pairs that name"
            " no product"
        )
    return pair.product_id


_KEYS: Mapping[SplitBy, Callable[[LabelledPair], str]] = {
    "question": _question,
    "product": _product,
}
