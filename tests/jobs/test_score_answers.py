"""Scoring: in chunks, nothing twice, nothing silently left out."""

import math
from dataclasses import asdict

import pytest

from jobs import config, lake
from jobs.ledger import TooMuchRefusedError
from jobs.model_folders import model_of
from jobs.score_answers import run
from models import checkpoint
from models.answers import train
from models.answers.factored import logits_of
from pipelines.tables import ANSWER_SCORES, QR_PAIRS, QUARANTINE, QUESTIONS, SENTENCES
from tests.models import toy

pytestmark = pytest.mark.spark
N_QUESTIONS, N_SENTENCES = 4, 10


@pytest.fixture
def shop(spark, tmp_path, lake_root):
    """A lake with forty pairs of two products, and a model."""
    network = toy.network()
    checkpoint.save(
        str(tmp_path / "models" / "answers"),
        name="qar-net",
        config={"sizes": asdict(network.config), "threshold": 0.5},
        weights=network.state_dict(),
        words=toy.WORDS,
        metrics={},
    )
    places = [(i, j) for i in range(N_QUESTIONS) for j in range(N_SENTENCES)]
    pairs = [
        (f"q{i} s{j}", f"p{i % 2}", f"q{i}", f"s{j}", f"hq{i}", f"hs{j}", ["noun"])
        for i, j in places
    ]
    asked = [
        (f"q{i}", f"p{i % 2}", None, None, None, "d", "f", text)
        for i, text in enumerate(toy.texts(N_QUESTIONS))
    ]
    lake.replace(
        spark, spark.createDataFrame(pairs, QR_PAIRS.schema), QR_PAIRS, lake_root
    )
    lake.replace(
        spark, spark.createDataFrame(asked, QUESTIONS.schema), QUESTIONS, lake_root
    )
    return tmp_path


def say(spark, root, numbers):
    """Have the sentences of these numbers in the lake."""
    texts = toy.texts(N_SENTENCES, 1)
    said = [
        (f"s{j}", "p0", "d", "review", "r", 0, 0, 1, f"hs{j}", texts[j])
        for j in numbers
    ]
    rows = spark.createDataFrame(said, SENTENCES.schema)
    lake.replace(spark, rows, SENTENCES, root)


def settings(shop, *more):
    overrides = [
        f"lake={shop}/lake",
        f"models={shop}/models",
        "score_answers.chunk_size=10",
        "spark.shuffle_partitions=2",
        *more,
    ]
    return config.settings_of(config.ScoreAnswers, config.read([], overrides))


def scored(spark, root):
    rows = lake.read(spark, ANSWER_SCORES, root).collect()
    return {(row.question_hash, row.sentence_hash): row.score for row in rows}


@pytest.mark.parametrize("chunk_size", [7, 1000])
def test_every_pair_is_scored_once_whatever_the_chunk(
    spark, shop, lake_root, chunk_size
):
    say(spark, lake_root, range(N_SENTENCES))
    chosen = settings(shop, f"score_answers.chunk_size={chunk_size}")
    outcome = run(spark, chosen, "run")
    assert outcome.n_in == outcome.n_written == 40
    assert len(scored(spark, lake_root)) == 40
    assert run(spark, chosen, "run").n_in == 0


def test_a_pair_whose_sentence_is_gone_is_quarantined(spark, shop, lake_root):
    say(spark, lake_root, range(1, N_SENTENCES))
    outcome = run(spark, settings(shop), "run")
    assert (outcome.n_in, outcome.n_written, outcome.n_quarantined) == (40, 36, 4)
    rows = lake.read(spark, QUARANTINE, lake_root).collect()
    assert {row["item"] for row in rows} == {f"hq{i} hs0" for i in range(4)}
    assert {row.error_class for row in rows} == {"missing_text"}


def test_too_much_refused_stops_the_stage_in_the_first_chunks(spark, shop, lake_root):
    chosen = settings(shop, "quarantine.min_rows=5")
    with pytest.raises(TooMuchRefusedError, match="refused, more than"):
        run(spark, chosen, "run")
    assert scored(spark, lake_root) == {}


def test_a_folder_of_models_that_is_no_path_is_refused(shop):
    with pytest.raises(config.SettingsError, match="s3a://b/m is a URI"):
        model_of(settings(shop, "models=s3a://b/m"))


@pytest.mark.parametrize("method", ["bm25", "nlp-soft"])
def test_another_methods_folder_is_scored_through_the_same_seam(
    spark, shop, lake_root, method
):
    say(spark, lake_root, range(N_SENTENCES))
    trained = train(method, toy.examples(), toy.recipe(), lambda _: None)
    checkpoint.save(
        str(shop / "models" / "answers"),
        name=method,
        config={"sizes": dict(trained.config), "threshold": 0.5, "calibration": [2, 1]},
        weights=trained.network.state_dict(),
        words=trained.words,
        metrics={},
    )
    run(spark, settings(shop), "run")
    found = scored(spark, lake_root)
    asked, said = toy.texts(N_QUESTIONS), toy.texts(N_SENTENCES, 1)
    for (question, sentence), score in found.items():
        logit = logits_of(
            trained.network,
            [asked[int(question.removeprefix("hq"))]],
            [said[int(sentence.removeprefix("hs"))]],
        )
        assert score == pytest.approx(1 / (1 + math.exp(-2 * logit[0] - 1)), abs=1e-5)
    assert len(found) == N_QUESTIONS * N_SENTENCES
