"""Plain words in Spark and in Python: the same to the letter."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import functions as F

from models.words import STOP_WORDS, plain_words
from pipelines import words
from pipelines.tables import SENTENCES

pytestmark = pytest.mark.spark
AWKWARD = (
    "",
    " \n\t",
    "series glass shoes ies ties gas bus buses boxes heroes",
    "was has is as us yes its eyes dies lies movies cookies",
    "aies eies aes oes ees ues sees aas ss sss us's it's don't",
    "The 1990s: 2x4s, 10ies, 0es, 7s and 12s",
    "it's the dog's; dogs' -- e-mails_and_ids/URLs",
    "Café cafés naïve ÉTUDES straße STRASSE ﬁsh",
    "İstanbul ISTANBUL ıss Kelvins K's Åes",
    "ΣΊΣΥΦΟΣ ὈΔΥΣΣΕΎΣ σας",
    "ⅷ ² ½ ３s ４５ Ａｂｃs",
    "日本語s 한국어es пиесs 😀s👍🏽es",
    "a\u0301s e\u200bs soft\u00adhyphens a\u0000bs tab\tses",
    "zoos toes cries crises analyses lens lenses",
    "ABC abcs aBcS " + " ".join(STOP_WORDS),
    "x" * 300 + "ies",
)
PIECES = st.sampled_from(
    ["ies", "es", "s", "e", "a", "o", "u", "y", "i", "1", "K", "İ", "ß", "'", " ", "-"]
)
TEXTS = st.one_of(
    st.text(max_size=20),
    st.lists(PIECES, max_size=8).map("".join),
    st.lists(st.sampled_from(STOP_WORDS), max_size=3).map("s ".join),
)


@given(st.lists(TEXTS, min_size=200, max_size=200))
@settings(
    max_examples=2,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_the_plan_reads_the_words_that_python_reads(spark, texts):
    told = dict(enumerate([*AWKWARD, *texts]))
    rows = spark.createDataFrame(list(told.items()), "id int, text string")
    column = words.plain_words(F.col("text"), stop_words=STOP_WORDS)
    found = {
        row.id: row.words for row in rows.select("id", column.alias("words")).collect()
    }
    assert found == {number: plain_words(text) for number, text in told.items()}


SAID = [
    ("A", "two cables in a box"),
    ("A", "the cable of the cables"),
    ("A", "it is"),
    ("B", "one box"),
]


@pytest.mark.parametrize("partitions", [1, 3])
def test_a_text_counts_once_however_often_it_is_said(spark, partitions):
    rows = [
        (f"s{place}", "p", domain, "review", "r", 0, 0, 1, text, text)
        for place, (domain, text) in enumerate([*SAID, *SAID[:2], SAID[3]])
    ]
    sentences = spark.createDataFrame(rows, SENTENCES.schema).repartition(partitions)
    expected = {}
    for domain in ("A", "B"):
        texts = [plain_words(text) for where, text in SAID if where == domain]
        mean = max(1.0, sum(map(len, texts)) / len(texts))
        for word, n_with in Counter(w for one in texts for w in set(one)).items():
            expected[domain, word] = (n_with, len(texts), mean)
    counts = words.word_counts(sentences, stop_words=STOP_WORDS).collect()
    found = {(row.domain, row.word): tuple(row)[2:] for row in counts}
    assert found == expected
    assert found["A", "cable"] == (2, 3, 4 / 3)
    assert found["B", "box"] == (1, 1, 1.0)


def test_no_sentence_gives_no_count(spark):
    none = spark.createDataFrame([], SENTENCES.schema)
    assert words.word_counts(none, stop_words=STOP_WORDS).collect() == []
