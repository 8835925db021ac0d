"""Compare rules for which pairs are worth scoring, on labelled sets.

Reads   aspect_nouns; labelled sets
Writes  a report and plots in a folder

AN-words are those of the lake's newest version, as they run at night, of the domain
that `compare_candidates.domains` names for a set; a set that it does not name, which
is not in the lake, gets the AN-words of all domains together. They are read with the
`deltalake` package and not by jobs/lake.py: the study needs no Spark session. Nouns of
the labelled texts are tagged as `tag_nouns` tags.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch

from jobs import candidate_report, config
from jobs.candidate_report import AN_WORDS, Rules
from jobs.config import (
    AnswerSet,
    CompareAnswers,
    CompareCandidates,
    SettingsError,
    TagNouns,
    TrainAnswers,
)
from jobs.launch import CONF, PRINT_CONFIG, SET, attempt, document_of, shown
from jobs.progress import say
from jobs.sources.labelled_answers import LabelledPair, read, rule
from models import candidates
from models.answers.minilm_cosine import mean_of
from models.aspects import nouns
from models.candidates import Asked, Pool, Words
from models.encoder import WordPieces, pretrained
from models.lexical import terms
from models.words import plain_words
from pipelines.tables import ASPECT_NOUNS

Encode = Callable[[Sequence[str]], np.ndarray]
_OWN, _PRODUCT = "own candidates", "all candidates of the product"
_BATCH = 64


def pools_of(pairs: Sequence[LabelledPair]) -> dict[str, Pool]:
    """The candidates of each (product, question); and all those of its product.

    In the second pool a sentence that the set does not pair with the question counts
    as one that does not answer. It is left out where it holds the same pairs.
    """
    labels: dict[tuple[str, str], dict[str, int]] = {}
    of_product: dict[str, dict[str, int]] = {}
    for pair in pairs:
        # Without a product a question is its own.
        product = pair.product_id or pair.question
        own = labels.setdefault((product, pair.question), {})
        own[pair.sentence] = max(pair.label, own.get(pair.sentence, 0))
        of_product.setdefault(product, {})[pair.sentence] = 0
    own_pool = _pool(labels)
    wide = {key: {**of_product[key[0]], **found} for key, found in labels.items()}
    wide_pool = _pool(wide)
    if len(wide_pool.groups) == len(own_pool.groups):
        return {_OWN: own_pool}
    return {_OWN: own_pool, _PRODUCT: wide_pool}


def _pool(labels: Mapping[tuple[str, str], Mapping[str, int]]) -> Pool:
    return Pool(
        tuple(
            Asked(product, question, tuple(found), tuple(found.values()))
            for (product, question), found in labels.items()
        )
    )


def rules_of(
    pool: Pool,
    read_nouns: Words,
    aspects: frozenset[str],
    everywhere: frozenset[str],
    vectors: Mapping[str, np.ndarray],
    max_tokens: int,
) -> Rules:
    """The number that each rule gives each pair."""

    def among(known: frozenset[str]) -> Words:
        return lambda text: [word for word in read_nouns(text) if word in known]

    stems = candidates.bm25(pool, max_terms=max_tokens)
    cosine = candidates.cosine(pool, vectors)
    return {
        AN_WORDS: candidates.shared_rarity(pool, among(aspects)),
        candidate_report.ALL_AN_WORDS: candidates.shared_rarity(
            pool, among(everywhere)
        ),
        candidate_report.NOUNS: candidates.shared_rarity(pool, read_nouns),
        candidate_report.STEMS: candidates.shared_rarity(pool, terms),
        candidate_report.WORDS: candidates.shared_rarity(pool, plain_words),
        candidate_report.BM25_WORDS: candidates.bm25_of_words(
            pool, plain_words, is_by_product=False
        ),
        candidate_report.BM25_PRODUCT: candidates.bm25_of_words(
            pool, plain_words, is_by_product=True
        ),
        candidate_report.BM25: stems,
        candidate_report.VECTORS: cosine,
        candidate_report.BOTH: candidates.sum_of_z(pool, stems, cosine),
    }


def aspects_of(lake: str) -> dict[str, frozenset[str]]:
    """AN-words of each domain, of the newest version.

    Raises:
        SettingsError: There is no such table, or nothing to read it with.
    """
    try:
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError
    except ImportError:
        raise SettingsError(
            "deltalake is not installed, expected the extra dev"
            " (pip install 'catalog-enrichment[dev]')"
        ) from None
    place = f"{lake}/{ASPECT_NOUNS.name}"
    try:
        rows = DeltaTable(place).to_pandas()
    except (DeltaError, OSError) as error:
        raise SettingsError(f"lake: {place}: {error}") from None
    if rows.empty:
        raise SettingsError(f"lake: {place} is empty, expected AN-words")
    newest = rows.sort_values(["built_at", "version"])["version"].iloc[-1]
    found = rows[rows["version"] == newest].groupby("domain")["noun"]
    return {str(domain): frozenset(words) for domain, words in found}


def minilm(settings: TrainAnswers) -> Encode:
    """Vectors of length one by the encoder that the models start from."""
    source = pretrained(settings.encoder)
    encoder = source.encoder().eval()
    pieces = WordPieces(source.words, is_lower_case=source.is_lower_case)

    @torch.no_grad()
    def encode(texts: Sequence[str]) -> np.ndarray:
        # Texts of one length together: few pads.
        order = np.argsort(pieces.lengths(texts, settings.max_tokens), kind="stable")
        found = np.empty((len(texts), encoder.size), dtype=np.float32)
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            tokens = pieces.read([texts[row] for row in rows], settings.max_tokens)
            found[rows] = mean_of(encoder(tokens), tokens.mask).numpy()
        return found

    return encode


def run(
    document: Mapping[str, Any], out: str, encoder: Callable[[TrainAnswers], Encode]
) -> None:
    """Measure every rule on every set; the report, its numbers and its plots."""
    answers = config.settings_of(CompareAnswers, document)
    training = config.settings_of(TrainAnswers, document)
    settings = config.settings_of(CompareCandidates, document)
    tagging = config.settings_of(TagNouns, document)
    _check(answers)
    aspects = aspects_of(settings.lake)
    everywhere = frozenset().union(*aspects.values())
    tagger, folder = nouns.choose(tagging.tagger, tagging.nltk_data)
    tag = nouns.load(tagger, folder)
    torch.set_num_threads(answers.threads)
    encode = encoder(training)
    vectors: dict[str, np.ndarray] = {}
    tagged: dict[str, list[str]] = {}
    results = []
    Path(out).mkdir(parents=True, exist_ok=True)
    for name, one in answers.sets.items():
        domain = settings.domains.get(name)
        known = _aspects(name, domain, aspects, everywhere)
        pools = pools_of(_pairs(answers, one))
        texts = list(pools.values())[-1].texts()
        missing = [text for text in texts if text not in vectors]
        if missing:
            vectors.update(zip(missing, encode(missing), strict=True))
            tagged.update((text, tag(text).lemmas) for text in missing)
        about = {
            "set": name,
            "label_rule": rule(one.format, one.positive_from),
            "domain": domain,
            "n_an_words": len(known),
            "tagger": tagger,
        }
        for pool_name, pool in pools.items():
            rules = rules_of(
                pool,
                tagged.__getitem__,
                known,
                everywhere,
                vectors,
                training.max_tokens,
            )
            found = candidate_report.measured(
                pool,
                rules,
                shares=settings.shares,
                n_resamples=answers.n_resamples,
            )
            results.append({**about, "pool": pool_name, **found})
            say(settings.section, f"{name}, {pool_name}: {len(pool.groups):,} pairs")
    candidate_report.write(results, settings.shares, out)
    say(settings.section, f"{out}/report.md written")


def _pairs(settings: CompareAnswers, one: AnswerSet) -> list[LabelledPair]:
    return read(
        [str(Path(str(settings.data)) / file) for file in one.files],
        one.format,
        where=one.where,
        positive_from=one.positive_from,
    )


def _aspects(
    name: str,
    domain: str | None,
    aspects: Mapping[str, frozenset[str]],
    everywhere: frozenset[str],
) -> frozenset[str]:
    if domain is None:
        return everywhere
    if domain not in aspects:
        raise SettingsError(
            f"compare_candidates.domains.{name}: {domain!r}, expected one of"
            f" {sorted(aspects)}"
        )
    return aspects[domain]


def _check(settings: CompareAnswers) -> None:
    if settings.data is None or not Path(settings.data).is_dir():
        raise SettingsError(
            f"compare_answers.data: {settings.data}, expected the folder that the"
            " sets' files are in (--set compare_answers.data=DIR)"
        )
    if not settings.sets:
        raise SettingsError(
            "compare_answers.sets: none, expected a conf such as"
            " --conf conf/experiments/answers.yaml"
        )


@click.command(name="candidates")
@click.option("--out", required=True, metavar="DIR", help="Report and plots.")
@CONF
@SET
@PRINT_CONFIG
def compare(
    out: str, confs: tuple[str, ...], overrides: tuple[str, ...], print_config: bool
) -> None:
    """The AN-word filter against BM25, vectors and others, at equal budgets.

    How many of the labelled positives each rule keeps of as many pairs. The AN-words
    are the lake's; the lake is only read.
    """

    def work() -> None:
        document = document_of(confs, overrides, None)
        if print_config:
            click.echo(shown(document))
            return
        run(document, out, minilm)

    sys.exit(attempt(work))


if __name__ == "__main__":
    compare()
