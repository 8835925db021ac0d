"""What is true of a product, as rows: answers, attribute values, labelled candidates.

A row names a question and a sentence by their texts, as they stand in the cleaned
landing files, spelling mistakes included.
"""

import json
from collections.abc import Iterator

from jobs.sample.domains import DOMAINS
from jobs.sample.records import SampleProduct, Sentence

_NOUNS_OF = {domain.name: domain.nouns_in for domain in DOMAINS}


def answering_pairs(product: SampleProduct) -> Iterator[tuple[str, str]]:
    """Every (question, review sentence) of the product where the one answers the other.

    Each pair once, however often the texts are repeated.
    """
    sentences = _distinct_sentences(product)
    for question, aspect in _distinct_questions(product):
        for sentence in sentences:
            if sentence.aspect == aspect:
                yield question, sentence.text


def labelled_pairs(product: SampleProduct) -> Iterator[tuple[str, str, int]]:
    """Question, candidate sentence and label, in the ratio that a product has.

    Candidates are the review sentences that share a noun of the domain with the
    question, and the true answers that share none.
    """
    nouns_in = _NOUNS_OF[product.domain]
    sentences = [(s, nouns_in(s.text)) for s in _distinct_sentences(product)]
    for question, aspect in _distinct_questions(product):
        asked = nouns_in(question)
        for sentence, nouns in sentences:
            is_answer = sentence.aspect == aspect
            if is_answer or asked & nouns:
                yield question, sentence.text, int(is_answer)


def truth_lines(product: SampleProduct) -> Iterator[tuple[str, str]]:
    """Lines of the kinds `answers` and `attributes`."""
    for question, sentence in answering_pairs(product):
        yield (
            "answers",
            _json(
                {
                    "product_id": product.product_id,
                    "question": question,
                    "sentence": sentence,
                    "label": 1,
                }
            ),
        )
    for mention in product.mentions:
        yield "attributes", _json({"product_id": product.product_id} | vars(mention))


def labelled_lines(product: SampleProduct) -> Iterator[tuple[str, str]]:
    """Lines of the kind `labelled`: training rows."""
    for question, sentence, label in labelled_pairs(product):
        record = {
            "product_id": product.product_id,
            "domain": product.domain,
            "question": question,
            "sentence": sentence,
            "label": label,
        }
        yield "labelled", _json(record)


def _distinct_sentences(product: SampleProduct) -> list[Sentence]:
    """The review sentences, a repeated text once."""
    sentences = (s for review in product.reviews for s in review.sentences)
    return list({sentence.text: sentence for sentence in sentences}.values())


def _distinct_questions(product: SampleProduct) -> list[tuple[str, str]]:
    """Text and aspect of the questions, a repeated text once."""
    return list({q.text: (q.text, q.aspect) for q in product.questions}.values())


def _json(record: dict[str, object]) -> str:
    return json.dumps(record, ensure_ascii=False)
