"""Word vectors for a model: from a GloVe file, or from the lake's own sentences."""

from collections.abc import Iterable

import numpy as np
from pyspark.ml.feature import Word2Vec
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs import lake
from jobs.config import SettingsError, TrainAnswers
from models.vocabulary import VectorsError, read_vectors, tokenise
from pipelines.tables import QUESTIONS, SENTENCES
from udfs.vocabulary import words


def from_file(
    spark: SparkSession, settings: TrainAnswers, path: str, texts: Iterable[str]
) -> tuple[list[str], np.ndarray]:
    """Words and vectors of a GloVe file, float32, one row a word.

    A published file has millions of words: those of the lake and of `texts` are kept.

    Raises:
        SettingsError: The file is missing, a line of it is no vector, or it knows no
            word of the lake.
    """
    word = F.explode(words("text")).alias("word")
    known = _texts(spark, settings).select(word).distinct().toPandas()["word"]
    wanted = set(known).union(*(tokenise(text) for text in texts))
    try:
        return read_vectors(path, wanted)
    except (OSError, VectorsError) as error:
        raise SettingsError(f"train_answers.vectors: {error}") from None


def from_lake(
    spark: SparkSession, settings: TrainAnswers
) -> tuple[list[str], np.ndarray]:
    """Word2Vec (Mikolov et al. 2013, skip-gram) on distinct sentences and questions.

    One partition in a fixed order: the same lake and seed give the same vectors.
    """
    texts = _texts(spark, settings)
    texts = texts.orderBy("text_hash").limit(settings.vector_sentences)
    tokens = texts.select("text_hash", words("text").alias("words"))
    ordered = tokens.repartition(1).sortWithinPartitions("text_hash").cache()
    if ordered.isEmpty():
        raise SettingsError(
            f"lake: {settings.lake} holds no sentence to learn word vectors from;"
            " run enrich nightly --until pair_reviews first, or set"
            " train_answers.vectors=FILE"
        )
    model = Word2Vec(
        vectorSize=settings.vector_size,
        minCount=settings.vector_min_count,
        maxIter=settings.vector_epochs,
        seed=settings.seed,
        numPartitions=1,
        inputCol="words",
        outputCol="vector",
    ).fit(ordered)
    rows = model.getVectors().orderBy("word").collect()
    ordered.unpersist()
    vectors = np.array([row["vector"].toArray() for row in rows], dtype=np.float32)
    return [row["word"] for row in rows], vectors


def _texts(spark: SparkSession, settings: TrainAnswers) -> DataFrame:
    """text_hash, text of the lake's distinct sentences and questions."""
    sentences = lake.read(spark, SENTENCES, settings.lake).select("text_hash", "text")
    asked = lake.read(spark, QUESTIONS, settings.lake).select(
        F.sha2("text", 256).alias("text_hash"), "text"
    )
    return sentences.unionByName(asked).dropDuplicates(["text_hash"])
