"""Tiny pretrained encoders of other architectures than BERT's, and tokenizers."""

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from tokenizers.processors import TemplateProcessing
from transformers import AutoConfig, AutoModel, PreTrainedTokenizerFast

from tests.models.toy import WORDS

# Marks of a beginning, a pad, an end and what is unknown; whether the second of two
# texts is told by its type, as it is to BERT's descendants.
_ANGLED = ("<s>", "<pad>", "</s>", "<unk>"), False
_SQUARE = ("[CLS]", "[PAD]", "[SEP]", "[UNK]"), True
_SQUARE_WITHOUT_TYPES = _SQUARE[0], False
_LETTERS = "abcdefghijklmnopqrstuvwxyzABC0123456789!?.,"

# Architecture, tokenizer, marks, and what its configuration has of its own.
KINDS = {
    "roberta": ("bytes", _ANGLED, {"type_vocab_size": 1}),
    "xlm-roberta": ("unigram", _ANGLED, {"type_vocab_size": 1}),
    "mpnet": ("words", _ANGLED, {}),
    "distilbert": ("words", _SQUARE_WITHOUT_TYPES, {}),
    "electra": ("words", _SQUARE, {"embedding_size": 8}),
    "albert": ("unigram", _SQUARE, {"embedding_size": 8}),
    "modernbert": ("bytes", _SQUARE_WITHOUT_TYPES, {"local_attention": 8}),
    # The multilingual MiniLM of sentence-transformers is one.
    "bert": ("unigram", _ANGLED, {}),
}


def tokenizer(kind, marks, has_types):
    """A fast one of the toy's words, whose pad is not 0."""
    begin, pad, end, unknown = marks
    known = [*marks, *(f"▁{word}" for word in WORDS), "▁", *_LETTERS]
    if kind == "unigram":
        pieces = [(piece, -1.0 - len(piece) / 100) for piece in known]
        found = Tokenizer(models.Unigram(pieces, unk_id=3))
        found.normalizer = normalizers.NFKC()
        found.pre_tokenizer = pre_tokenizers.Metaspace()
    elif kind == "bytes":
        letters = sorted(pre_tokenizers.ByteLevel.alphabet())
        merges = [("Ġ", "w"), *(("Ġw", number) for number in "0123456789")]
        pieces = [*marks, *letters, *("".join(pair) for pair in merges)]
        vocabulary = {piece: place for place, piece in enumerate(pieces)}
        found = Tokenizer(models.BPE(vocabulary, merges))
        found.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    else:
        pieces = [*marks, *WORDS, *_LETTERS]
        vocabulary = {piece: place for place, piece in enumerate(pieces)}
        found = Tokenizer(models.WordLevel(vocabulary, unk_token=unknown))
        found.normalizer = normalizers.Lowercase()
        found.pre_tokenizer = pre_tokenizers.Whitespace()
    second = 1 if has_types else 0
    found.post_processor = TemplateProcessing(
        single=f"{begin}:0 $A:0 {end}:0",
        pair=f"{begin}:0 $A:0 {end}:0 $B:{second} {end}:{second}",
        special_tokens=[(one, place) for place, one in enumerate(marks)],
    )
    names = ["input_ids", "attention_mask"]
    return PreTrainedTokenizerFast(
        tokenizer_object=found,
        cls_token=begin,
        pad_token=pad,
        sep_token=end,
        unk_token=unknown,
        model_input_names=[*names, "token_type_ids"] if has_types else names,
    )


def configuration(kind, n_tokens, **changes):
    """Of two small layers."""
    sizes = {
        "vocab_size": n_tokens,
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "max_position_embeddings": 130,
        "initializer_range": 0.5,  # texts must differ, as those of a trained encoder
        "pad_token_id": 1,
        "bos_token_id": 0,
        "eos_token_id": 2,
        "cls_token_id": 0,
        "sep_token_id": 2,
        **changes,
    }
    if kind == "distilbert":
        own = {"hidden_size": "dim", "intermediate_size": "hidden_dim"}
        own |= {"num_hidden_layers": "n_layers", "num_attention_heads": "n_heads"}
        sizes = {own.get(name, name): value for name, value in sizes.items()}
    return AutoConfig.for_model(kind, **sizes)


def hub_folder(folder, kind, **changes):
    """Save an encoder with random weights and its tokenizer, as on the hub."""
    cuts, (marks, has_types), own = KINDS[kind]
    reads = tokenizer(cuts, marks, has_types)
    torch.manual_seed(3)
    # Some have more embeddings than tokens.
    sizes = configuration(kind, len(reads) + 3, **{**own, **changes})
    AutoModel.from_config(sizes).save_pretrained(folder)
    reads.save_pretrained(folder)
    return str(folder)
