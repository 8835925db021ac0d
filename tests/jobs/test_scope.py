"""What a stage has to do since its last run."""

import pytest

from jobs import config, lake
from jobs.config import EnrichProducts
from jobs.ledger import Outcome, Recorder
from jobs.scope import scope
from pipelines.tables import ASPECT_NOUNS, ENRICHED_PRODUCTS, QUESTIONS

pytestmark = pytest.mark.spark


def settings(root):
    return config.settings_of(EnrichProducts, config.read([], [f"lake={root}"]))


def ask(spark, root, *rows):
    full = [(q, p, None, None, None, "d", "f", text) for q, p, text in rows]
    lake.replace(
        spark,
        spark.createDataFrame(full, QUESTIONS.schema),
        QUESTIONS,
        root,
        keeps_missing=True,
    )


def consume(spark, root, todo, model_fp=None):
    recorder = Recorder(spark, settings(root), ENRICHED_PRODUCTS, "run")
    recorder.done(Outcome(consumed=todo.consumed, model_fp=model_fp))


def products_of(todo):
    return {row.product_id for row in todo.products.collect()}


def test_all_then_nothing_then_the_products_that_changed(spark, lake_root):
    ask(spark, lake_root, ("q1", "p1", "a"), ("q2", "p2", "b"))
    first = scope(spark, settings(lake_root), (QUESTIONS,))
    assert (first.products, first.is_empty) == (None, False)
    consume(spark, lake_root, first)
    assert scope(spark, settings(lake_root), (QUESTIONS,)).is_empty
    ask(spark, lake_root, ("q2", "p2", "changed"), ("q3", "p3", "new"))
    third = scope(spark, settings(lake_root), (QUESTIONS,))
    assert products_of(third) == {"p2", "p3"}
    kept = third.of(lake.read(spark, QUESTIONS, lake_root))
    assert {row.question_id for row in kept.collect()} == {"q2", "q3"}


def test_another_model_or_a_change_of_a_whole_table_concerns_all(spark, lake_root):
    ask(spark, lake_root, ("q1", "p1", "a"))
    lake.create(spark, ASPECT_NOUNS, lake_root)
    todo = scope(
        spark, settings(lake_root), (QUESTIONS,), whole=(ASPECT_NOUNS,), model_fp="m1"
    )
    consume(spark, lake_root, todo, model_fp="m1")

    def again(model_fp):
        return scope(
            spark,
            settings(lake_root),
            (QUESTIONS,),
            whole=(ASPECT_NOUNS,),
            model_fp=model_fp,
        )

    assert again("m1").is_empty
    assert (again("m2").products, again("m2").is_empty) == (None, False)
    row = [("d", "noun", 1, 0, 1.0, "v", None)]
    lake.replace(
        spark, spark.createDataFrame(row, ASPECT_NOUNS.schema), ASPECT_NOUNS, lake_root
    )
    assert (again("m1").products, again("m1").is_empty) == (None, False)


def test_a_change_feed_that_does_not_reach_back_means_all(spark, lake_root):
    ask(spark, lake_root, ("q1", "p1", "a"))
    todo = scope(spark, settings(lake_root), (QUESTIONS,))
    consume(spark, lake_root, todo)
    path = lake.path(lake_root, QUESTIONS)
    spark.sql(
        f"ALTER TABLE delta.`{path}`"
        " SET TBLPROPERTIES (delta.enableChangeDataFeed = false)"
    )
    ask(spark, lake_root, ("q2", "p2", "b"))
    after = scope(spark, settings(lake_root), (QUESTIONS,))
    assert (after.products, after.is_empty) == (None, False)
