"""Tokens, ids and vector files."""

import gzip
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.vocabulary import (
    OOV,
    PAD,
    VectorsError,
    Vocabulary,
    read_vectors,
    tokenise,
)


def test_padding_and_unknown_words_have_ids_of_their_own():
    vocabulary = Vocabulary(("a", "b"))
    ids = [vocabulary.id_of(word) for word in ("a", "b", "c")]
    assert len({PAD, *ids}) == 4
    assert ids[2] == OOV
    assert len(vocabulary) == 4


@given(st.text())
def test_every_text_has_tokens_that_hold_all_but_white_space(text):
    tokens = tokenise(text)
    assert tokens
    kept = re.sub(r"\s", "", text.lower())
    assert "".join(tokens) == (kept or "<empty>")


@pytest.mark.parametrize("packed", [True, False])
def test_a_vector_file_with_or_without_word2vecs_first_line(tmp_path, packed):
    path = tmp_path / "v.txt"
    content = b"2 3\nthe 1 2 3\ncat 4 5 6.5\n"
    path.write_bytes(gzip.compress(content) if packed else content)
    words, vectors = read_vectors(str(path))
    assert words == ["the", "cat"]
    np.testing.assert_array_equal(vectors, [[1, 2, 3], [4, 5, 6.5]])
    assert read_vectors(str(path), ["cat"])[0] == ["cat"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a 1 2\nb 1\n", ":2: 1 values, expected 2"),
        ("a 1 x\n", ":1: "),
        ("", "no vector"),
    ],
)
def test_a_bad_line_is_named(tmp_path, content, told):
    path = tmp_path / "v.txt"
    path.write_text(content)
    with pytest.raises(VectorsError, match=told):
        read_vectors(str(path))


def test_a_word_may_have_spaces_as_some_of_gloves_do(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("the 1 2\nat name@domain.com 3 4\n")
    words, vectors = read_vectors(str(path))
    assert words == ["the", "at name@domain.com"]
    np.testing.assert_array_equal(vectors, [[1, 2], [3, 4]])


def test_the_real_vectors_are_read(real_data):
    path = real_data / "vectors-word2vec-1000" / "vectors.txt.gz"
    words, vectors = read_vectors(str(path))
    assert (len(words), vectors.shape[1]) == (1000, 300)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-2)
