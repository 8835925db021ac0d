"""The whole job on a small sample: all stages, twice, with changes and a kill."""

import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pyspark.sql import functions as F

from jobs import config, lake, ledger
from jobs.ask import found
from jobs.evaluate_question_passages import measure as measure_passages
from jobs.evaluate_review_answers import measure
from jobs.launch import stage
from jobs.sample.write import write_sample
from jobs.sources.attribute_labels import read_attribute_labels
from jobs.sources.community_answers import read_community_answers
from jobs.sources.labelled_answers import read, rule
from jobs.stages import NAMES, STAGES
from jobs.train_answers import run as train
from jobs.train_attributes import run as train_attributes
from jobs.train_passages import run as train_passages
from pipelines import tables
from pipelines.tables import (
    ANSWER_SCORES,
    ASPECT_NOUNS,
    ATTRIBUTE_LABELS,
    ATTRIBUTE_VALUES,
    ENRICHED_PRODUCTS,
    PRODUCTS,
    QR_PAIRS,
    QUARANTINE,
    QUESTION_PASSAGES,
    QUESTIONS,
    REVIEW_ANSWERS,
    REVIEWS,
    RUN_LEDGER,
    SENTENCES,
    TEXT_NOUNS,
    WORD_COUNTS,
)

pytestmark = pytest.mark.spark
ROOT = Path(__file__).resolve().parent.parent
DERIVED = (
    SENTENCES,
    QR_PAIRS,
    ANSWER_SCORES,
    REVIEW_ANSWERS,
    QUESTION_PASSAGES,
    ENRICHED_PRODUCTS,
)
QUICK = (
    "build_aspect_nouns.min_count=10",
    "train_answers.method=qar-net",
    "train_answers.pretrain_epochs=[0.5]",
    "train_answers.max_epochs=25",
    "train_answers.vector_epochs=1",
    "train_attributes.method=gazetteer",
    "train_passages.method=hybrid",
    "build_category_attributes.min_products=5",
    "spark.shuffle_partitions=2",
)


class Shop:
    """A landing zone with its lake and models."""

    def __init__(self, spark, root):
        self.spark = spark
        self.root = Path(root)
        self.lake = str(self.root / "lake")
        self.settings = (
            f"landing={self.root}/sample/landing",
            f"lake={self.lake}",
            f"models={self.root}/models",
            *QUICK,
        )

    def run(self, first=NAMES[0], last=NAMES[-1], *more):
        document = config.read([], [*self.settings, *more])
        run_id = ledger.new_run_id(document["run_date"])
        chosen = STAGES[NAMES.index(first) : NAMES.index(last) + 1]
        return {
            one.name: stage(
                self.spark,
                one.run(),
                config.settings_of(one.settings, document),
                one.table,
                run_id,
            )
            for one in chosen
        }

    def read(self, table):
        return lake.read(self.spark, table, self.lake)

    def versions(self):
        return {
            table.name: lake.version(self.spark, table, self.lake)
            for table in tables.TABLES
            if table is not RUN_LEDGER
        }

    def contents(self, table):
        kept = [name for name in table.columns if name not in table.stamps]
        rows = self.read(table).select(F.to_json(F.struct(*kept)).alias("row"))
        return sorted(row["row"] for row in rows.collect())


SCORE = re.compile(r'"score":([-0-9.eE]+)')


def without_scores(rows):
    """Rows with their scores taken out, and those, in the order of the rows."""
    told = sorted((SCORE.sub('"score":', row), SCORE.findall(row)) for row in rows)
    texts = [text for text, _ in told]
    return texts, [float(score) for _, scores in told for score in scores]


@pytest.fixture(scope="module")
def shop(spark, tmp_path_factory):
    root = tmp_path_factory.mktemp("shop")
    made = Shop(spark, root)
    write_sample(
        spark,
        str(root / "sample"),
        n_products=60,
        n_labelled_products=60,
        seed=3,
        n_files=2,
    )
    made.first = made.run(last="pair_reviews")
    document = config.read([], made.settings)
    settings = config.settings_of(config.TrainAnswers, document)
    pairs = read([str(root / "sample" / "labelled" / "answers.jsonl")], "jsonl")
    folder = str(root / "models" / "answers")
    train(spark, settings, pairs, folder, label_rule=rule("jsonl"))
    labels = read_attribute_labels(spark, made.lake, n_rows=100_000)
    settings = config.settings_of(config.TrainAttributes, document)
    train_attributes(settings, labels, str(root / "models" / "attributes"))
    settings = config.settings_of(config.TrainPassages, document)
    answered = read_community_answers(spark, made.lake)
    train_passages(settings, answered, str(root / "models" / "passages"))
    made.first |= made.run(first="score_answers")
    return made


def copy(shop, tmp_path):
    target = tmp_path / "copy"
    shutil.copytree(shop.root, target)
    return Shop(shop.spark, target)


def test_rows_in_are_rows_written_duplicate_and_quarantined(shop):
    assert set(shop.first) == set(NAMES)
    for entry in shop.first.values():
        outcome = entry.outcome
        told = outcome.n_written + outcome.n_duplicate + outcome.n_quarantined
        assert outcome.n_in == told, entry.stage
        assert outcome.n_written > 0, entry.stage
        stored = shop.read(
            next(s.table for s in STAGES if s.name == entry.stage)
        ).count()
        assert stored == outcome.n_written, entry.stage
    rows = shop.read(RUN_LEDGER).collect()
    assert {row.stage for row in rows} == set(NAMES)
    assert all(json.loads(row.settings) is not None for row in rows)


def test_every_sentence_stands_where_it_says_it_does(shop):
    reviews = {row.review_id: row.text for row in shop.read(REVIEWS).collect()}
    products = {row.product_id: row for row in shop.read(PRODUCTS).collect()}
    n_checked = 0
    for row in shop.read(SENTENCES).collect():
        if row.source == "review":
            text = reviews[row.source_id]
        elif row.source in ("bullet", "description"):
            product_id, _, index = row.source_id.rpartition("#")
            text = products[product_id][f"{row.source}s"][int(index)]
        else:
            continue
        assert text[row.begin : row.end] == row.text
        n_checked += 1
    assert n_checked > 1000


def test_every_attribute_value_stands_where_it_says_it_does(shop):
    products = {row.product_id: row for row in shop.read(PRODUCTS).collect()}
    n_checked = 0
    for table in (ATTRIBUTE_LABELS, ATTRIBUTE_VALUES):
        for row in shop.read(table).filter(F.col("value").isNotNull()).collect():
            text = products[row.product_id].title
            if row.source != "title":
                product_id, _, index = row.source_id.rpartition("#")
                assert product_id == row.product_id
                text = products[product_id][f"{row.source}s"][int(index)]
            assert text[row.begin : row.end] == row.value
            n_checked += 1
    assert n_checked > 200


def test_the_answers_are_better_than_chance_on_products_never_trained_on(shop):
    document = config.read([], shop.settings)
    settings = config.settings_of(config.RankAnswers, document)
    found = measure(shop.spark, settings, str(shop.root / "sample/truth/answers"))
    assert found["n_true_in_sentences"] > 0.95 * found["n_true"]
    assert found["precision"] > 1.3 * found["base_rate"]
    assert found["average_precision"] > 1.2 * found["base_rate"] * (
        found["n_true_scored"] / found["n_true"]
    )


def test_the_model_names_the_rule_of_its_labels(shop):
    metrics = json.loads((shop.root / "models/answers/metrics.json").read_text())
    assert metrics["label_rule"] == "jsonl: grade >= 0.5"


def test_answers_are_ranked_and_nested_as_they_are_scored(shop):
    answers = shop.read(REVIEW_ANSWERS).collect()
    by_question = {}
    for row in sorted(answers, key=lambda row: row["rank"]):
        by_question.setdefault(row.question_id, []).append(row)
    for rows in by_question.values():
        assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
        assert [row.score for row in rows] == sorted(
            (r.score for r in rows), reverse=True
        )
    nested = {
        (one.question_id, answer["rank"], answer.sentence_id)
        for row in shop.read(ENRICHED_PRODUCTS).collect()
        for one in row.answered_questions
        for answer in one.answers
    }
    assert nested == {(r.question_id, r["rank"], r.sentence_id) for r in answers}


def test_a_second_run_writes_nothing_outside_the_ledger(shop):
    before = shop.versions()
    entries = shop.run()
    assert shop.versions() == before
    assert {entry.status for entry in entries.values()} == {"unchanged"}
    assert all(entry.outcome.n_written == 0 for entry in entries.values())


def test_passages_are_of_their_product_and_stand_in_their_order(shop):
    said = {row.sentence_id: row for row in shop.read(SENTENCES).collect()}
    asked = {row.question_id: row for row in shop.read(QUESTIONS).collect()}
    by_question = {}
    for row in shop.read(QUESTION_PASSAGES).orderBy("question_id", "rank").collect():
        by_question.setdefault(row.question_id, []).append(row)
        passage, question = said[row.sentence_id], asked[row.question_id]
        assert row.product_id == passage.product_id == question.product_id
        assert (row.source, row.passage) == (passage.source, passage.text)
        assert row.question == question.text
    for rows in by_question.values():
        assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
        assert [row.score for row in rows] == sorted(
            (row.score for row in rows), reverse=True
        )
        assert len({row.passage for row in rows}) == len(rows)
    assert len(by_question) > 0.9 * len(asked)


def test_the_passages_hold_what_answers(shop):
    settings = config.settings_of(
        config.RetrievePassages, config.read([], shop.settings)
    )
    truth = str(shop.root / "sample/truth/answers")
    measures = measure_passages(shop.spark, settings, truth)
    assert measures["n_questions"] > 50
    assert measures["hit_at_1"] > 0.2
    assert measures["hit_at_1"] <= measures["mrr"] <= measures["hit_at_5"]
    assert measures["hit_at_5"] == measures["n_found"] / measures["n_questions"]


def test_a_question_that_is_there_is_answered_as_the_night_answered_it(shop):
    kept = shop.read(REVIEW_ANSWERS).orderBy(F.desc("score"), "question_id").first()
    asked = shop.read(QUESTIONS).filter(F.col("question_id") == kept.question_id)
    question = asked.first()
    document = config.read([], shop.settings)
    answer = found(shop.spark, document, question.product_id, question.text)
    for rows, table in (
        (answer.passages, QUESTION_PASSAGES),
        (answer.answers, REVIEW_ANSWERS),
    ):
        stored = (
            shop.read(table)
            .filter(F.col("question_id") == question.question_id)
            .orderBy("rank")
            .collect()
        )
        told = [(row["rank"], row["sentence_id"]) for row in rows]
        assert told == [(row["rank"], row.sentence_id) for row in stored], table.name
        scores = [row["score"] for row in rows]
        assert scores == pytest.approx([row.score for row in stored], abs=1e-3)
    values = shop.read(ATTRIBUTE_VALUES).filter(
        F.col("product_id") == question.product_id
    )
    known = {(row.attribute, row.value) for row in values.collect()}
    assert known >= {(row["attribute"], row["value"]) for row in answer.values}
    assert len(answer.values) == min(5, len(known)) > 0
    assert answer.missing == []
    with pytest.raises(config.SettingsError, match="--product nobody: no sentence"):
        found(shop.spark, document, "nobody", "Is it red?")


def new_reviews(shop, product_ids):
    """Ten reviews, five of each product, in a file of their own."""
    asked = {
        row.product_id: row.text
        for row in shop.read(QUESTIONS).collect()
        if row.product_id in product_ids
    }
    lines = [
        json.dumps(
            {
                "asin": product_id,
                "reviewerID": f"new {index}",
                "unixReviewTime": 1_700_000_000 + index,
                "overall": 4.0,
                "verified": True,
                "reviewText": f"Number {index}. About this: {asked[product_id]}",
            }
        )
        for product_id in product_ids
        for index in range(5)
    ]
    path = shop.root / "sample" / "landing" / "reviews" / "more.jsonl"
    path.write_text("\n".join(lines) + "\n")


def changed_review(shop):
    """A review whose sentence answers a question, and its record with other words."""
    # Without a person or a time the text is part of what tells a review.
    known = F.col("user_id").isNotNull() & F.col("reviewed_at").isNotNull()
    known &= F.col("source_file").endswith(".jsonl.gz")
    said = shop.read(SENTENCES).select(
        "sentence_id", F.col("source_id").alias("review_id")
    )
    answered = shop.read(REVIEW_ANSWERS).select("question_id", "rank", "sentence_id")
    review = (
        answered.join(said, on="sentence_id")
        .join(shop.read(REVIEWS).filter(known), on="review_id")
        .orderBy("question_id", "rank")
        .first()
    )
    folder = shop.root / "sample" / "landing" / "reviews"
    sent = [
        json.loads(line)
        for path in sorted(folder.glob("*.jsonl.gz"))
        for line in gzip.decompress(path.read_bytes())
        .decode("utf-8", "replace")
        .split("\n")
        if line.startswith("{")
    ]
    (record, *_) = [
        record
        for record in sent
        if record["asin"] == review.product_id
        and record.get("reviewerID") == review.user_id
        and record.get("unixReviewTime") == int(review.reviewed_at.timestamp())
    ]
    return review, {**record, "reviewText": "Nothing of what I said holds."}


def test_what_is_new_and_changed_reaches_the_rows_of_its_products_only(shop, tmp_path):
    changed = copy(shop, tmp_path)
    asked = sorted({row.product_id for row in pairs_of(shop)})[:2]
    new_reviews(changed, asked)
    review, record = changed_review(shop)
    path = changed.root / "sample" / "landing" / "reviews" / "again.jsonl"
    path.write_text(json.dumps(record) + "\n")
    entries = changed.run()
    assert entries["land_reviews"].outcome.n_written == 11
    n_changed = 0
    unread = (tables.PURCHASES, PRODUCTS, QUESTIONS, ATTRIBUTE_LABELS, ATTRIBUTE_VALUES)
    for table in (*DERIVED, *unread):
        if table is ANSWER_SCORES:
            continue
        before, after = (set(one.contents(table)) for one in (shop, changed))
        for row in before ^ after:
            product = json.loads(row)["product_id"]
            assert product in {*asked, review.product_id}, table.name
            n_changed += 1
    assert n_changed > 10
    scored = changed.read(ANSWER_SCORES).count() - shop.read(ANSWER_SCORES).count()
    assert 0 < scored == entries["score_answers"].outcome.n_in

    # All that came from the old text went with it.
    said = changed.read(SENTENCES).filter(F.col("source_id") == review.review_id)
    assert [row.text for row in said.collect()] == ["Nothing of what I said holds."]
    gone = {row.sentence_id for row in shop.read(SENTENCES).collect()} - {
        row.sentence_id for row in changed.read(SENTENCES).collect()
    }
    assert gone
    for table in (QR_PAIRS, REVIEW_ANSWERS, QUESTION_PASSAGES):
        kept = {row.sentence_id for row in changed.read(table).collect()}
        assert not kept & gone
    assert changed.read(QUARANTINE).count() == shop.read(QUARANTINE).count()
    # Landing again is what the second run of the unchanged shop shows.
    again = changed.run(first="label_attributes")
    assert {entry.status for entry in again.values()} == {"unchanged"}


def pairs_of(shop):
    return shop.read(QR_PAIRS).collect()


def test_the_an_words_pair_when_the_rule_says_so_and_are_not_needed_else(
    shop, tmp_path
):
    changed = copy(shop, tmp_path)
    paired = ("pair_reviews", "pair_reviews", "pair_reviews.rule=an_words")
    changed.run(*paired)
    nouns = {row.noun for row in changed.read(ASPECT_NOUNS).collect()}
    pairs = pairs_of(changed)
    assert pairs
    assert all(row.shared_nouns and nouns.issuperset(row.shared_nouns) for row in pairs)
    again = changed.run(*paired)
    assert again["pair_reviews"].status == "unchanged"
    changed.run("pair_reviews", "pair_reviews", "pair_reviews.rule=passages")
    passages = {
        (row.question_id, row.passage)
        for row in changed.read(QUESTION_PASSAGES).collect()
    }
    said = {row.sentence_id: row for row in changed.read(SENTENCES).collect()}
    pairs = {(row.question_id, row.sentence_id) for row in pairs_of(changed)}
    assert {said[one].source for _, one in pairs} == {"review"}
    assert {(question, said[one].text) for question, one in pairs} <= passages
    assert len(pairs) > 0.3 * len(passages)
    for table in (TEXT_NOUNS, ASPECT_NOUNS):
        shutil.rmtree(lake.path(changed.lake, table))
    changed.run("pair_reviews", "pair_reviews")
    assert changed.contents(QR_PAIRS) == shop.contents(QR_PAIRS)
    shutil.rmtree(lake.path(changed.lake, WORD_COUNTS))
    with pytest.raises(Exception, match="word_counts: empty, expected the counts"):
        changed.run("pair_reviews", "pair_reviews", "pair_reviews.min_score=0.5")
    assert changed.contents(QR_PAIRS) == shop.contents(QR_PAIRS)


def cli(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "jobs.cli", *arguments],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,
    )


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_what_was_scored_before_a_kill_is_kept_and_not_scored_again(shop, tmp_path):
    killed = copy(shop, tmp_path)
    for table in (ANSWER_SCORES, REVIEW_ANSWERS, ENRICHED_PRODUCTS):
        shutil.rmtree(lake.path(killed.lake, table))
    ledger_path = lake.path(killed.lake, RUN_LEDGER)
    killed.spark.sql(
        f"DELETE FROM delta.`{ledger_path}` WHERE stage IN"
        " ('score_answers', 'rank_answers', 'enrich_products')"
    )
    sets = [part for one in killed.settings for part in ("--set", one)]
    process = cli("score_answers", *sets, "--set", "score_answers.chunk_size=40")
    log = Path(lake.path(killed.lake, ANSWER_SCORES)) / "_delta_log"
    deadline = time.monotonic() + 200
    while not (log / "00000000000000000002.json").exists():
        assert process.poll() is None, process.stderr.read()[-2000:]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    kept = {
        (row.question_hash, row.sentence_hash): row.scored_at
        for row in killed.read(ANSWER_SCORES).collect()
    }
    assert 0 < len(kept) < shop.read(ANSWER_SCORES).count()
    entries = killed.run("score_answers", "rank_answers")
    killed.run("enrich_products", "enrich_products")
    for table in (ANSWER_SCORES, REVIEW_ANSWERS, ENRICHED_PRODUCTS):
        texts, scores = without_scores(killed.contents(table))
        expected_texts, expected_scores = without_scores(shop.contents(table))
        assert texts == expected_texts, table.name
        # Another batch of the same texts may change the last bits of a score.
        assert scores == pytest.approx(expected_scores, abs=1e-5), table.name
    after = {
        (row.question_hash, row.sentence_hash): row.scored_at
        for row in killed.read(ANSWER_SCORES).collect()
    }
    assert {pair: after[pair] for pair in kept} == kept
    assert entries["score_answers"].outcome.n_in == len(after) - len(kept)


@pytest.mark.slow
@pytest.mark.timeout(200)
@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["nightly", "--set", "lake=x"], 2, "landing: not set"),
        (["nightly", "--set", "landing=/none", "--set", "lake=x"], 2, "/none"),
        (["rank_answers", "--set", "rank_answers.k=1"], 2, "rank_answers.k: unknown"),
        (["nightly", "--only", "nonsense"], 2, "nonsense"),
        (["split_sentences", "--set", "lake=/proc/none"], 1, "/proc/none"),
    ],
)
def test_a_mistake_is_one_line_and_an_exit_status(arguments, status, told):
    process = cli(*arguments)
    _, errors = process.communicate(timeout=150)
    assert process.returncode == status
    lines = [line for line in errors.splitlines() if line.lower().startswith("error")]
    assert len(lines) == 1
    assert told in lines[0]
    assert "Traceback" not in errors


def test_a_missing_or_damaged_model_stops_scoring_and_says_what_to_do(shop, tmp_path):
    changed = copy(shop, tmp_path)
    weights = changed.root / "models" / "answers" / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    before = changed.versions()
    with pytest.raises(Exception, match="fingerprint is"):
        changed.run(first="score_answers")
    shutil.rmtree(weights.parent)
    with pytest.raises(Exception, match="enrich train answers --labelled"):
        changed.run(first="score_answers")
    assert changed.versions() == before
