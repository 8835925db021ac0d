"""Split every text about a product into sentences.

Reads   products, reviews, community_answers
Writes  sentences   (rows of the products whose texts changed)
Needs   Punkt's data below a path, or a corpus to train it on
"""

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs import files, lake
from jobs.config import SplitSentences
from jobs.launch import launch
from jobs.ledger import Outcome
from jobs.progress import say
from jobs.scope import scope
from models.sentences import punkt
from pipelines.products import product_domains
from pipelines.sentences import source_texts, split
from pipelines.tables import COMMUNITY_ANSWERS, PRODUCTS, REVIEWS, SENTENCES
from udfs.sentences import sentence_spans

_INPUTS = (PRODUCTS, REVIEWS, COMMUNITY_ANSWERS)


def run(spark: SparkSession, settings: SplitSentences, run_id: str) -> Outcome:
    """Split the texts of the products that changed."""
    whole = [lake.read(spark, table, settings.lake) for table in _INPUTS]
    path = splitter_path(settings, _texts(*whole))
    if path is None:
        return Outcome(remark="no text yet")
    splitter = punkt.fingerprint(path)
    todo = scope(spark, settings, _INPUTS, model_fp=splitter)
    if todo.is_empty:
        return Outcome(consumed=todo.consumed, model_fp=splitter)
    texts = _texts(*(todo.of(rows) for rows in whole))
    spans = sentence_spans(path, max_characters=settings.max_characters)
    written = lake.replace(
        spark,
        split(texts, spans=spans),
        SENTENCES,
        settings.lake,
        products=todo.products,
    )
    return Outcome.of(written, consumed=todo.consumed, model_fp=splitter)


def _texts(products: DataFrame, reviews: DataFrame, answers: DataFrame) -> DataFrame:
    domains = product_domains(products, reviews, answers)
    return source_texts(products, reviews, answers, domains)


def splitter_path(settings: SplitSentences, texts: DataFrame) -> str | None:
    """Punkt's data, or the file that this lake's own corpus trained once.

    None where there is neither data nor a text to learn from.
    """
    found = punkt.find_data(settings.nltk_data)
    if found is not None:
        return found
    path = f"{settings.models_folder}/sentences/punkt.json"
    if not files.exists(path):
        corpus = _corpus(texts, settings.training_characters)
        if not corpus:
            return None
        say(
            settings.section, f"no punkt_tab data: trained on {len(corpus):,} own texts"
        )
        files.write_text(path, punkt.train(corpus))
    return path


def _corpus(texts: DataFrame, n_characters: int) -> list[str]:
    """Texts in the order of their hash, up to so many characters in all."""
    ordered = texts.select("source_text").distinct().orderBy(F.sha2("source_text", 256))
    kept: list[str] = []
    n_left = n_characters
    for row in ordered.toLocalIterator():
        if n_left <= 0:
            break
        kept.append(row["source_text"])
        n_left -= len(row["source_text"])
    return kept


if __name__ == "__main__":
    launch(run, SplitSentences, SENTENCES)
