"""Where the masked-LM head of an encoder comes from.

A BERT brings its own. An encoder without one, as MiniLM, gets one: transform and bias
are fitted to masked training texts with the encoder standing still; the decoder is
tied to its piece embeddings. A fitted head may be kept in a folder, under a hash of
all that it depends on: the encoder, the texts and how it is fitted.
"""

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional as F

from models.attributes.masked_lm import MaskedHead, masked
from models.attributes.windows import Reader, Window
from models.encoder import Encoder, packaged
from models.training import fit, shuffled

_RATE = 1e-3
_OF_BERT = {
    "dense.weight": "cls.predictions.transform.dense.weight",
    "dense.bias": "cls.predictions.transform.dense.bias",
    "norm.weight": "cls.predictions.transform.LayerNorm.weight",
    "norm.bias": "cls.predictions.transform.LayerNorm.bias",
    "bias": "cls.predictions.bias",
}


def own_head(name: str | None, encoder: Encoder) -> MaskedHead | None:
    """The head that was pretrained with an encoder; None: it has none.

    Args:
        name: Folder or hub id; None is the packaged MiniLM.
        encoder: Built of it; the decoder is its piece embeddings.
    """
    from transformers import AutoModelForMaskedLM

    model, loading = AutoModelForMaskedLM.from_pretrained(
        name or packaged(), output_loading_info=True
    )
    if set(_OF_BERT.values()) & set(loading["missing_keys"]):
        return None
    weights = model.state_dict()
    head = MaskedHead(encoder).to(next(encoder.parameters()).device)
    found = {ours: weights[theirs] for ours, theirs in _OF_BERT.items()}
    head.load_state_dict({**found, "decoder": head.decoder})
    return head.requires_grad_(False).eval()


def fitted_head(
    encoder: Encoder,
    reader: Reader,
    windows: Sequence[Window],
    *,
    share: float,
    batch_size: int,
    epochs: float,
    seed: int,
    folder: str | None,
) -> MaskedHead:
    """A head for an encoder that has none; the encoder stands still.

    Args:
        encoder: Not trained.
        reader: Of the windows.
        windows: To fit it on.
        share: Of the pieces, masked.
        batch_size: Windows.
        epochs: May be a fraction.
        seed: Of masks and order.
        folder: Where fitted heads are kept; None: nowhere.
    """
    # Its start hangs on the seed alone, not on what was built before.
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        head = MaskedHead(encoder).to(next(encoder.parameters()).device)
    settings = [share, batch_size, epochs, seed]
    path = None
    if folder is not None:
        path = Path(folder) / f"{_key(encoder, windows, settings)}.safetensors"
    if path is not None and path.exists():
        head.load_state_dict({**load_file(path), "decoder": head.decoder})
    else:
        _fit(head, encoder, reader, windows, share, batch_size, epochs, seed)
        if path is not None:
            _keep(path, {name: head.state_dict()[name] for name in _OF_BERT})
    return head.requires_grad_(False).eval()


def _fit(
    head: MaskedHead,
    encoder: Encoder,
    reader: Reader,
    windows: Sequence[Window],
    share: float,
    batch_size: int,
    epochs: float,
    seed: int,
) -> None:
    generator = torch.Generator().manual_seed(seed)
    encoder.eval()

    def loss(places: np.ndarray) -> Tensor:
        batch = reader.padded([windows[place] for place in places])
        batch = batch.to(head.bias.device)
        tokens, hidden = masked(batch, reader.pieces, share, generator)
        with torch.no_grad():
            states = encoder(tokens)[hidden]
        logits: Tensor = head(states)
        if not len(logits):
            return logits.sum()
        value: Tensor = F.cross_entropy(logits, batch.tokens.ids[hidden])
        return value

    fit(
        head,
        loss,
        np.zeros(len(windows)),
        phase="masked-LM head",
        learning_rate=_RATE,
        batch_size=batch_size,
        max_epochs=epochs,
        rng=np.random.default_rng(seed),
        batches=shuffled,
    )


def _key(encoder: Encoder, windows: Sequence[Window], settings: Sequence[float]) -> str:
    digest = hashlib.sha256(json.dumps([*settings, str(encoder.numbers)]).encode())
    for name, one in encoder.state_dict().items():
        digest.update(name.encode())
        digest.update(one.detach().cpu().numpy().tobytes())
    for window in windows:
        digest.update(json.dumps([window.ids, window.attribute]).encode())
    return digest.hexdigest()[:32]


def _keep(path: Path, weights: Mapping[str, Tensor]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    save_file({name: one.cpu().contiguous() for name, one in weights.items()}, part)
    part.rename(path)
