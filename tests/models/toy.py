"""Small networks and texts that several test files need."""

import dataclasses

import numpy as np
import torch
from transformers import BertConfig, BertModel, BertTokenizer

from models import checkpoint
from models.answers import train
from models.answers.examples import Examples, Pairs, Recipe
from models.answers.qar_net import QarNet, QarNetConfig
from models.vocabulary import Vocabulary
from models.word_inputs import WordVectors

WORDS = tuple(f"w{i}" for i in range(40))
VOCABULARY = Vocabulary(WORDS)


def config(**changes):
    sizes = {
        "vector_size": 6,
        "hidden_size": 4,
        "attention_size": 3,
        "character_size": 4,
        "dropout": 0.5,
        "max_tokens": 80,
    }
    return QarNetConfig(**{**sizes, **changes})


def network(seed=0, **changes):
    torch.manual_seed(seed)
    sizes = config(**changes)
    made = QarNet(sizes, WORDS)
    made.inputs.set_vectors(vectors(sizes.vector_size, seed))
    return made.eval()


def vectors(size=6, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(len(WORDS), size)).astype("float32")


def recipe(**changes):
    """Every setting of a training, small."""
    values = {
        "seed": 1,
        "preset": "paper",
        "released_flaws": ("slot_bias", "batch_r1", "batch_r2"),
        "batch_size": 16,
        "pretrain_epochs": (0.0, 1.0),
        "learning_rate": 0.01,
        "fine_tune_learning_rate": 0.01,
        "max_epochs": 4,
        "patience": 3,
        "max_seconds": 60,
        "max_tokens": 80,
        "hidden_size": 8,
        "attention_size": 3,
        "character_size": 4,
        "dropout": 0.1,
        "mu": 0.1,
        "eta": 0.1,
        "n_filters": 6,
        "filter_width": 3,
        "fused_size": 5,
        "soft_size": 7,
        "soft_weights": (0.001, 0.1),
        "encoder": None,
        "encoder_learning_rate": 0.001,
        "encoder_batch_size": 16,
        "encoder_epochs": 2,
        "encoder_qa_pairs": 100,
        "late_size": 8,
        "late_dropout": 0.1,
        "late_trained_layers": 2,
        "cross_trained_layers": None,
        "cross_precision": "fp32",
    }
    return Recipe(**{**values, **changes})


def pairs(n, seed):
    """Pairs whose label says whether the texts share their first word."""
    rng = np.random.default_rng(seed)
    asked = [f"w{rng.integers(5)} w30 w31" for _ in range(n)]
    said = [f"w{rng.integers(5)} w20 w21" for _ in range(n)]
    labels = [
        int(a.split()[0] == s.split()[0]) for a, s in zip(asked, said, strict=True)
    ]
    return Pairs(asked, said, labels)


def examples(**changes):
    """QA, QR and validation pairs with random word vectors."""
    found = {
        "qa": pairs(200, 1),
        "qa_of_product": pairs(200, 4),
        "qr": pairs(300, 2),
        "validation": pairs(100, 3),
        "words": WordVectors(WORDS, vectors()),
    }
    return Examples(**{**found, **changes})


def texts(n, seed=0, longest=12):
    rng = np.random.default_rng(seed)
    known = (*WORDS, "unknown", "!", "être")
    lengths = rng.integers(1, longest, n)
    return [" ".join(rng.choice(known, length)) for length in lengths]


def bert_folder(folder, *, is_lower_case=True, seed=0):
    """Save a BERT of two layers with random weights and its tokenizer."""
    torch.manual_seed(seed)
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    words = [
        *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"),
        *WORDS,
        *letters,
        *(f"##{letter}" for letter in letters),
        *"ABC!?,.",
    ]
    sizes = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=128,
        initializer_range=0.5,  # texts must differ, as those of a trained encoder
    )
    BertModel(sizes, add_pooling_layer=False).save_pretrained(folder)
    (folder / "vocab.txt").write_text("".join(f"{word}\n" for word in words))
    BertTokenizer(
        vocab=str(folder / "vocab.txt"), do_lower_case=is_lower_case
    ).save_pretrained(folder)
    return str(folder)


def trained(name, encoder, **changes):
    """A method trained on the toy examples; `released` is a preset of QAR-net."""
    preset = {"preset": "released_code", "max_seconds": 0}  # one epoch of each task
    short = {"max_epochs": 2, "pretrain_epochs": (0.5,), "encoder_epochs": 1}
    given = recipe(
        encoder=encoder,
        **{**short, **(preset if name == "released" else {}), **changes},
    )
    method = "qar-net" if name == "released" else name
    with torch.inference_mode(mode=False):  # whatever the test runs in
        return train(method, examples(), given, lambda _: None)


def saved(name, found, folder, **decision):
    """The card of a trained network's folder, with what was decided on validation."""
    return checkpoint.save(
        str(folder / "model"),
        name=name,
        config={"sizes": dict(found.config), **decision},
        weights=found.network.state_dict(),
        words=found.words,
        metrics={},
    )


def caches(network, asked, said, *, n_pads=0):
    """Caches of both sides of some pairs, read with more pads than needed."""
    return (
        network.encode_questions(padded(network.read(asked), n_pads)),
        network.encode_sentences(padded(network.read(said), n_pads)),
    )


def logits(network, asked, said, *, n_pads=0):
    return network.score_pairs(*caches(network, asked, said, n_pads=n_pads))


def padded(batch, n):
    """What a network has read, with n more pads behind every text."""
    if isinstance(batch, tuple):
        return tuple(padded(one, n) for one in batch)
    if isinstance(batch, torch.Tensor):
        return torch.nn.functional.pad(batch, (0, n))
    longer = {
        field.name: padded(getattr(batch, field.name), n)
        for field in dataclasses.fields(batch)
        if field.name != "characters"
    }
    return dataclasses.replace(batch, **longer)
