"""Block scoring against scoring pair by pair, with the same weights.

    python -m benchmarks.block_scoring [--json FILE] [--pairs N] [--threads N]

*Pair by pair* runs the whole network for each pair, 128 pairs a batch in the order
they come, padded to the longest: what one writes first. *One at a time* is a batch of
one. *Blocks* encodes each text once, one block a call; *together* gives the scorer all
blocks at once, as a Spark worker does with the blocks of an Arrow batch.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from benchmarks import catalogue, report
from models.answers import load
from models.answers.factored import FactoredScorer
from models.answers.qar_net import QarNet
from udfs.answers import score_block
from udfs.batching import device_name

BUDGET = 16_384
SHAPES = ((5, 20), (10, 60), (40, 200))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json")
    parser.add_argument("--pairs", type=int, default=24_000, help="pairs of a shape")
    parser.add_argument("--threads", type=int, default=1, help="as one worker has")
    options = parser.parse_args()
    report.keep(options.json, {"blocks": run(options.pairs, options.threads)})


def run(n_pairs: int, n_threads: int = 1) -> list[report.Row]:
    """One row a shape of block."""
    torch.set_num_threads(n_threads)
    with tempfile.TemporaryDirectory() as folder:
        card = catalogue.model(Path(folder) / "answers")
        model = load(card.folder, device=device_name(), precision="fp32")
    assert isinstance(model, FactoredScorer)
    rows = [_shape(model, *shape, n_pairs) for shape in SHAPES]
    report.show(f"Block scoring ({report.machine()})", rows)
    return rows


def _shape(
    model: FactoredScorer, n_questions: int, n_sentences: int, n_pairs: int
) -> report.Row:
    rng = np.random.default_rng(0)
    n_blocks = max(1, n_pairs // (n_questions * n_sentences))
    blocks = [catalogue.block(rng, n_questions, n_sentences) for _ in range(n_blocks)]

    def together() -> np.ndarray:
        return score_block(model, *_joined(blocks), token_budget=BUDGET)[0]

    def apart() -> np.ndarray:
        return np.concatenate(
            [score_block(model, *one, token_budget=BUDGET)[0] for one in blocks]
        )

    ways = {
        "together": together,
        "blocks": apart,
        "pair by pair": lambda: _pairwise(model, blocks, 128),
    }
    for way in ways.values():
        way()  # the first call pays for allocations
    timed = {name: _timed(way) for name, way in ways.items()}
    alone = _timed(lambda: _pairwise(model, blocks[:1], 1, limit=300))
    scores = [scores for _, scores in timed.values()]
    rates = {name: len(found) / seconds for name, (seconds, found) in timed.items()}
    return {
        "block": f"{n_questions}x{n_sentences}",
        "pairs": len(scores[0]),
        "together, pairs/s": rates["together"],
        "blocks, pairs/s": rates["blocks"],
        "pair by pair, pairs/s": rates["pair by pair"],
        "one at a time, pairs/s": len(alone[1]) / alone[0],
        "together : pair by pair": rates["together"] / rates["pair by pair"],
        "blocks : pair by pair": rates["blocks"] / rates["pair by pair"],
        "largest difference": float(
            max(np.abs(one - scores[-1]).max() for one in scores)
        ),
    }


def _timed(way: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    started = time.perf_counter()
    found = way()
    return time.perf_counter() - started, found


def _joined(
    blocks: list[tuple[list[str], list[str], np.ndarray, np.ndarray]],
) -> tuple[list[str], list[str], np.ndarray, np.ndarray]:
    questions: list[str] = []
    sentences: list[str] = []
    asked, said = [], []
    for one in blocks:
        asked.append(one[2] + len(questions))
        said.append(one[3] + len(sentences))
        questions += one[0]
        sentences += one[1]
    return questions, sentences, np.concatenate(asked), np.concatenate(said)


@torch.inference_mode()
def _pairwise(
    model: FactoredScorer,
    blocks: list[tuple[list[str], list[str], np.ndarray, np.ndarray]],
    size: int,
    limit: int | None = None,
) -> np.ndarray:
    found = []
    network = model.network
    assert isinstance(network, QarNet)
    for questions, sentences, asked, said in blocks:
        for start in range(0, len(asked[:limit]), size):
            batch = slice(start, start + size)
            output = network(
                network.read([questions[q] for q in asked[batch]]),
                network.read([sentences[s] for s in said[batch]]),
            )
            found.append(torch.sigmoid(output.logit).cpu().numpy())
    return np.concatenate(found)


if __name__ == "__main__":
    main()
