"""That the truth is true, and not trivial."""

import html
import json
import re
from pathlib import Path

import pytest

from jobs.sample.domains import DOMAINS
from jobs.sample.generate import generate_product
from jobs.sample.truth import (
    answering_pairs,
    labelled_lines,
    labelled_pairs,
    truth_lines,
)
from models.sentences import punkt

NOUNS = {domain.name: domain.nouns_in for domain in DOMAINS}


def cleaned(raw: str) -> str:
    """What a reader of the landing zone makes of a raw text."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", raw))).strip()


@pytest.fixture(scope="module")
def splitter(products, tmp_path_factory):
    texts = (cleaned(r.raw_text) for p in products[:200] for r in p.reviews)
    path = tmp_path_factory.mktemp("punkt") / "english.json"
    Path(path).write_text(punkt.train(texts), encoding="utf-8")
    return punkt.load(str(path))


def test_answers_stand_verbatim_in_the_cleaned_reviews(products):
    n_pairs = 0
    for product in products:
        texts = [cleaned(review.raw_text) for review in product.reviews]
        for _, sentence in answering_pairs(product):
            assert any(sentence in text for text in texts)
            n_pairs += 1
    assert n_pairs > 400


def test_punkt_finds_the_sentences_that_were_written(products, splitter):
    reviews = [review for product in products for review in product.reviews]
    n_equal = 0
    for review in reviews:
        text = cleaned(review.raw_text)
        spans = punkt.spans(text, splitter=splitter, max_characters=2000)
        found = [text[begin:end] for begin, end in spans]
        n_equal += found == [sentence.text for sentence in review.sentences]
    assert n_equal >= 0.998 * len(reviews)


def test_raw_reviews_carry_entities_and_tags(products):
    raw = [review.raw_text for product in products for review in product.reviews]
    assert sum("&amp;" in text or "&#39;" in text for text in raw) > 20
    assert sum("<br />" in text for text in raw) > 200


def test_an_answer_is_a_sentence_about_the_aspect_of_the_question(products):
    for product in products:
        aspects = {q.text: q.aspect for q in product.questions}
        about = {s.text: s.aspect for r in product.reviews for s in r.sentences}
        pairs = list(answering_pairs(product))
        assert all(about[sentence] == aspects[question] for question, sentence in pairs)
        assert len(pairs) == len(set(pairs))
        expected = {
            (q, s) for q, a in aspects.items() for s, b in about.items() if a == b
        }
        assert set(pairs) == expected


def test_some_answers_share_no_noun_with_their_question(products):
    shared = [
        bool(NOUNS[product.domain](question) & NOUNS[product.domain](sentence))
        for product in products
        for question, sentence in answering_pairs(product)
    ]
    assert 0.2 < shared.count(False) / len(shared) < 0.4


def test_most_sentences_that_share_a_noun_do_not_answer(products):
    labels = [
        label
        for product in products
        for question, sentence, label in labelled_pairs(product)
        if NOUNS[product.domain](question) & NOUNS[product.domain](sentence)
    ]
    assert 0.78 < labels.count(0) / len(labels) < 0.92


def test_labelled_candidates_are_mostly_wrong_in_every_domain(products):
    for domain in DOMAINS:
        labels = [
            label
            for product in products
            if product.domain == domain.name
            for *_, label in labelled_pairs(product)
        ]
        assert 0.1 < sum(labels) / len(labels) < 0.25


def test_many_questions_have_no_answer_in_the_reviews(products):
    asked = {(p.product_id, q.text) for p in products for q in p.questions}
    answered = {(p.product_id, q) for p in products for q, _ in answering_pairs(p)}
    assert 0.35 < len(asked - answered) / len(asked) < 0.6


def test_a_misspelt_answer_is_in_the_truth_as_it_stands(products):
    known = {
        text.rstrip(".")
        for domain in DOMAINS
        for aspect in domain.aspects
        for value in aspect.values
        for group in value.answers + value.paraphrases
        for text in group
    }
    told = {s for p in products for _, s in answering_pairs(p)}
    assert any(not any(text[1:] in s for text in known) for s in told)


def test_lines_have_the_documented_fields(products):
    answers, attributes, labelled = {}, {}, {}
    for product in products[:20]:
        for kind, line in truth_lines(product):
            (answers if kind == "answers" else attributes).update(json.loads(line))
        for _, line in labelled_lines(product):
            labelled.update(json.loads(line))
    assert set(answers) == {"product_id", "question", "sentence", "label"}
    assert set(attributes) == {
        "product_id", "attribute", "value", "source", "source_index", "begin", "end",
        "verdict",
    }  # fmt: skip
    assert set(labelled) == {"product_id", "domain", "question", "sentence", "label"}


def test_products_after_the_landing_zone_are_others(products):
    landed = {product.product_id for product in products}
    labelled = {generate_product(index, 7).product_id for index in range(400, 440)}
    assert landed.isdisjoint(labelled)
