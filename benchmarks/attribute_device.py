"""Tokens a second of AVEQA in bf16 on a GPU, and the share of the chip's peak.

    python -m benchmarks.attribute_device [--json FILE] [--examples N] [--budget N]

Needs CUDA and no Spark. Random weights in the shapes of MiniLM and of BERT-base, texts
of a shop's lengths. *Whole* is what a worker does, from texts to spans; *encoder* the
transformer alone on the same batches, which are on the device already. Tokens are
those of the windows, without padding, and so are the operations: of each layer
24 H^2 + 4 H L a token, H the width, four times as wide in between, L the window's
tokens. *Peak* is the vendor's figure for dense bf16, *matmul* what this chip does on
square matrices of 8,192.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from benchmarks import attribute_texts, report
from models.attributes.aveqa import Aveqa
from models.attributes.extractor import NetworkExtractor
from models.checkpoint import Card
from models.encoder import Encoder, Tokens
from udfs.attributes import extract_values
from udfs.batching import in_budget

WORDS = (
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"),
    *"abcdefghijklmnopqrstuvwxyz0123456789",
    *(f"word{place}" for place in range(30_000)),
)
SHAPES = {"MiniLM": (384, 6, 12), "BERT-base": (768, 12, 12)}  # width, layers, heads
# Dense bf16, TFLOP/s, by a part of the device's name; the first that fits.
PEAKS = {
    "H100 PCIe": 756,
    "H100 NVL": 835,
    "H100": 989,
    "H200": 989,
    "A100": 312,
    "A30": 165,
    "L40S": 362,
    "L4": 121,
}
SIDE = 8192


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json")
    parser.add_argument("--examples", type=int, default=60_000)
    parser.add_argument("--budget", type=int, default=131_072, help="tokens of a batch")
    options = parser.parse_args()
    rows = run(options.examples, options.budget)
    report.keep(options.json, {"attributes on a GPU": rows})


def run(n_examples: int, budget: int) -> list[report.Row]:
    """One row a shape and part; none without CUDA."""
    if not torch.cuda.is_available():
        print("\nAttributes on a GPU: skipped, torch finds no CUDA device")
        return []
    device = torch.device("cuda:0")
    peak = peak_of(torch.cuda.get_device_name(device))
    matmul = 2 * SIDE**3 / _matmul_seconds(device) / 1e12
    rows: list[report.Row] = []
    for name, shape in SHAPES.items():
        work = work_of(shape, "bf16", device, n_examples, budget)
        for way, call in (("whole", work.whole), ("encoder", work.encoder)):
            seconds = _seconds(call, device)
            speed = work.flops / seconds / 1e12
            rows.append(
                {
                    "shape": name,
                    "way": way,
                    "tokens/s": work.n_tokens / seconds,
                    "TFLOP/s": speed,
                    "share of peak": speed / peak if peak else "unknown",
                    "share of matmul": speed / matmul,
                }
            )
    report.show(f"Attributes on a GPU ({report.machine()})", rows)
    return rows


def peak_of(name: str) -> float | None:
    """Dense bf16 of a device by its name, TFLOP/s; None: not in the list."""
    return next((peak for part, peak in PEAKS.items() if part in name), None)


@dataclass(frozen=True)
class Work:
    """Both ways over the same examples.

    Attributes:
        whole: From texts to spans.
        encoder: The transformer alone.
        n_tokens: Of all windows.
        flops: Of all windows.
    """

    whole: Callable[[], object]
    encoder: Callable[[], object]
    n_tokens: int
    flops: float


def work_of(
    shape: tuple[int, int, int],
    precision: str,
    device: torch.device,
    n_examples: int,
    budget: int,
) -> Work:
    """A model of random weights, its texts and its batches."""
    network = _network(shape)
    card = Card(folder="", name="aveqa", fingerprint="", threshold=0.5, config={})
    model = NetworkExtractor(network, card, device=str(device), precision=precision)
    names = attribute_texts.ATTRIBUTES
    n_texts = n_examples // len(names)
    texts = attribute_texts.texts(attribute_texts.ALL_TEXTS, n_texts, WORDS)
    contexts = [text for text in texts for _ in names]
    attributes = [name for _ in texts for name in names]
    windows = model.windows(contexts, attributes)
    lengths = np.array([len(window) for window in windows])

    def padded(places: np.ndarray) -> Tokens:
        batch = network.reader.padded([windows[place] for place in places])
        return batch.tokens.to(device)

    batches = [tokens for _, tokens in in_budget(lengths, budget, padded).batches]

    @torch.inference_mode()
    def encoder() -> None:
        for tokens in batches:
            network.encoder(tokens)

    width, layers, _ = shape
    flops = layers * (24 * width**2 * lengths.sum() + 4 * width * (lengths**2).sum())
    return Work(
        lambda: extract_values(model, contexts, attributes, token_budget=budget),
        encoder,
        int(lengths.sum()),
        float(flops),
    )


def _network(shape: tuple[int, int, int]) -> Aveqa:
    width, layers, heads = shape
    sizes = {
        "vocab_size": len(WORDS),
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "intermediate_size": 4 * width,
        "max_position_embeddings": 512,
        "type_vocab_size": 2,
    }
    torch.manual_seed(0)
    return Aveqa(Encoder(sizes), WORDS, attribute_texts.config_of(sizes))


def _seconds(call: Callable[[], object], device: torch.device) -> float:
    call()  # the first one takes memory and chooses kernels
    torch.cuda.synchronize(device)
    started = time.perf_counter()
    call()
    torch.cuda.synchronize(device)
    return time.perf_counter() - started


@torch.inference_mode()
def _matmul_seconds(device: torch.device) -> float:
    one, other = (
        torch.randn(SIDE, SIDE, device=device, dtype=torch.bfloat16) for _ in range(2)
    )

    def several() -> None:
        for _ in range(20):
            one @ other

    return _seconds(several, device) / 20


if __name__ == "__main__":
    main()
