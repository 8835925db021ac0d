"""Small labelled texts and a short recipe that the tests of attribute models share."""

import shutil

import numpy as np
import torch
from transformers import BertModel

from models.attributes.examples import Asked, Examples, Recipe
from models.attributes.extractor import best_of

COLOURS, SIZES = ("w1", "w2", "w3 w4"), ("w5", "w6")


def calm_folder(tiny, folder):
    """Save an encoder whose layers add little, so that its states tell the pieces.

    As those of a trained one do; a method that leaves it as it is can learn from them.
    """
    shutil.copytree(tiny, folder, dirs_exist_ok=True)
    bert = BertModel.from_pretrained(tiny, add_pooling_layer=False)
    with torch.no_grad():
        for layer in bert.encoder.layer:
            layer.attention.output.dense.weight.mul_(0.1)
            layer.output.dense.weight.mul_(0.1)
    bert.save_pretrained(folder)
    return str(folder)


def recipe(**changes):
    """Every setting of a training, small."""
    values = {
        "seed": 1,
        "encoder": None,
        "max_tokens": 24,
        "stride": 4,
        "learning_rate": 0.007,
        "head_learning_rate": 0.01,
        "warm_up": 0.1,
        "batch_size": 48,
        "max_epochs": 12,
        "min_steps": 0,
        "patience": 12,
        "max_seconds": 600,  # no test hangs on the machine's speed
        "alpha": 0.5,
        "beta": 0.5,
        "temperature": 2.0,
        "is_literal_head": False,
        "is_literal_direction": False,
        "is_single_pass": False,
        "mask_share": 0.15,
        "mlm_epochs": 1.0,
        "mlm_heads": None,
        "is_forgetting_measured": False,
        "dropout": 0.0,  # a width of 16 bears none
        "precision": "fp32",
        "hidden_size": 12,
        "lstm_dropout": 0.0,
        "attention_size": 6,
        "tagger_learning_rate": 0.01,
        "tagger_batch_size": 48,
        "tagger_epochs": 12,
        "tagger_patience": 12,
        "min_values": 10,
    }
    return Recipe(**{**values, **changes})


def asked(n, seed=0):
    """Texts with a colour, a size or none: `w20` asks for colours, `w21` for sizes."""
    rng = np.random.default_rng(seed)
    contexts, attributes, spans = [], [], []
    for _ in range(n):
        value = str(rng.choice([*COLOURS, *SIZES]))
        before = "".join(f"w{i} " for i in rng.integers(10, 20, rng.integers(0, 4)))
        context = f"{before}{value} w{rng.integers(10, 20)}"
        is_colour = bool(rng.integers(2))
        begin = len(before)
        has_value = (value in COLOURS) == is_colour
        contexts.append(context)
        attributes.append("w20" if is_colour else "w21")
        spans.append((begin, begin + len(value)) if has_value else None)
    return Asked(contexts, attributes, spans)


def examples(n=768):
    return Examples(asked(n), asked(32, seed=1))


@torch.inference_mode()
def extracted(network, contexts, attributes):
    """The best value of each text, all windows as one batch."""
    windows = network.windows(contexts, attributes)
    return best_of(network.extract(windows), len(contexts))
