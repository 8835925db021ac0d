"""A tiny pretrained encoder, and every method trained once."""

import pytest
import torch

from tests.models import pretended_gpu, toy

if not torch.cuda.is_available():
    pretended_gpu.register()  # while tests are collected: none has run yet


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """Folder of a BERT of two layers with random weights."""
    return toy.bert_folder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="session")
def trained(tiny):
    """Gives a method's training on the toy examples; each is trained once."""
    found = {}

    def of(name):
        if name not in found:
            found[name] = toy.trained(name, tiny)
        return found[name]

    return of
