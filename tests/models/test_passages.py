"""What every passage method must do."""

import math

import numpy as np
import pytest
import torch

from models import checkpoint
from models.encoder import EncoderError, packaged
from models.passages import (
    HYBRID,
    METHODS,
    UNTRAINED,
    VECTOR_METHODS,
    WITHOUT_ENCODER,
    bert_qa,
    bm25,
    load,
    train,
    use_qa,
    vae,
    z_sum,
)
from models.passages.dual import alike, whole
from models.passages.examples import Examples, Matches, Pool
from models.passages.hops import MultiHop
from models.passages.model import PassageModel
from models.passages.tuned_cosine import tuning_loss
from models.passages.vectors import VectorIndex, measured, ranks_of, vectors_of
from models.training import NotTrainableError
from tests.models import toy
from tests.models.toy_passages import (
    examples,
    matches,
    pool,
    recipe,
    sentence_folder,
)

TRAINED = tuple(name for name in METHODS if name not in UNTRAINED)


@pytest.fixture(scope="module")
def encoder(tiny, tmp_path_factory):
    return sentence_folder(tiny, tmp_path_factory.mktemp("sentences"))


@pytest.fixture(scope="module", params=METHODS)
def trained(request, encoder):
    with pytest.MonkeyPatch.context() as patch:
        # The packaged one takes a second to read.
        patch.setattr("models.encoder.packaged", lambda: encoder)
        patch.setattr(use_qa, "packaged", lambda: encoder)
        given = recipe(encoder=encoder)
        yield request.param, train(request.param, examples(), given, lambda _: None)


def ranked(name, network, of):
    return ranks_of(PassageModel.untrained(name, network).index(of.candidates), of)


def test_a_method_ranks_its_toy(trained):
    name, found = trained
    if name in ("minilm-cosine", "use-qa"):
        pytest.skip("the toy's encoder is random")
    measures = ranked(name, found.network, pool()).measures()
    # By chance 0.125; half of z-sum is random states.
    assert measures["recall_at_1"] >= (0.4 if name == "z-sum" else 0.8), name


def test_the_training_reaches_every_parameter(trained):
    name, found = trained
    if name in UNTRAINED or name in HYBRID:
        pytest.skip("no gradients, or those of the method below it")
    left = [
        name
        for name, one in found.network.named_parameters()
        if one.requires_grad and (one.grad is None or not one.grad.abs().sum() > 0)
    ]
    # Softmax takes no notice of what all keys have in common.
    assert [name for name in left if "self.key.bias" not in name] == []


def test_minilm_knows_what_answers_a_question(monkeypatch):
    # Whatever a fixture put in its place.
    for place in ("models.encoder.packaged", "models.passages.use_qa.packaged"):
        monkeypatch.setattr(place, packaged)
    of = Pool(
        ["How long does the battery last?", "Is it made of leather?"],
        [[1], [2]],
        [
            "It arrived on Monday.",
            "It runs for ten hours and then needs a charge.",
            "The strap is genuine cowhide.",
        ],
    )
    found = train("minilm-cosine", Examples(matches(8), of), recipe(), lambda _: None)
    model = PassageModel.untrained("minilm-cosine", found.network)
    assert ranks_of(model.index(of.candidates), of).measures()["recall_at_1"] == 1.0
    lengths = np.linalg.norm(model.vectors(of.candidates, "passage"), axis=1)
    assert lengths == pytest.approx(np.ones(3), abs=1e-5)


def test_padding_and_batch_change_nothing(trained):
    name, found = trained
    model = PassageModel.untrained(name, found.network)
    texts = [*toy.texts(6, seed=3), "w1", "?", " "]
    asked = ["w2 w31", "w3"]
    together = model.index(texts).scores(asked)
    for place, text in enumerate(texts):
        if "bm25" in name or name == "z-sum":
            break  # their scores hang on all candidates
        alone = model.index([text]).scores(asked[:1])
        assert alone[0, 0] == pytest.approx(together[0, place], abs=1e-3, rel=1e-4)
    assert together.shape == (2, len(texts))
    assert np.isfinite(together).all()


def test_fifty_pads_change_no_vector(trained, monkeypatch):
    name, found = trained
    if name not in VECTOR_METHODS:
        pytest.skip("gives no vectors")
    texts = toy.texts(5, seed=2)
    model = PassageModel.untrained(name, found.network)
    before = model.vectors(texts, "passage")
    read = found.network.reader.read
    monkeypatch.setattr(
        found.network.reader, "read", lambda *given: longer(read(*given), 50)
    )
    after = model.vectors(texts, "passage")
    assert np.allclose(before, after, atol=1e-4)
    assert before.shape == (5, model.size)


def longer(tokens, n):
    def more(one, value):
        added = torch.full((len(one), n), value, dtype=one.dtype)
        return torch.cat([one, added], dim=1)

    kind = type(tokens)
    return kind(more(tokens.ids, 0), more(tokens.mask, False), more(tokens.types, 0))


def test_a_model_is_the_same_after_saving(trained, tmp_path):
    name, found = trained
    card = toy.saved(name, found, tmp_path, threshold=0.0)
    model = load(card.folder, device="cpu", precision="fp32")
    of = pool()
    expected = PassageModel.untrained(name, found.network).index(of.candidates)
    again = model.index(of.candidates).scores(of.questions)
    assert np.array_equal(again, expected.scores(of.questions))
    assert (model.name, model.fingerprint) == (name, card.fingerprint)
    assert model.has_vectors == (name in VECTOR_METHODS)
    if not model.has_vectors:
        with pytest.raises(checkpoint.ModelError, match=f"{name} gives texts no vec"):
            _ = model.size


@pytest.mark.parametrize("name", TRAINED)
def test_without_questions_nothing_is_trained(name, encoder):
    none = Matches([], [])
    with pytest.raises(NotTrainableError, match="no training question"):
        train(name, Examples(none, pool()), recipe(encoder=encoder), lambda _: None)
    with pytest.raises(NotTrainableError, match="no validation question"):
        train(
            name,
            Examples(matches(8), Pool([], [], [])),
            recipe(encoder=encoder),
            lambda _: None,
        )


# Three weights over vectors that stand still can't learn a batch by heart.
@pytest.mark.parametrize("name", [name for name in TRAINED if name != "hybrid"])
def test_a_method_overfits_one_batch(name, encoder):
    eight = Matches(
        [f"w{topic} w30" for topic in range(8)],
        [f"w{39 - topic} w20" for topic in range(8)],  # nothing shared
    )
    of = Pool(eight.questions, [[place] for place in range(8)], eight.passages)
    given = recipe(
        encoder=encoder,
        max_epochs=120,
        tuned_epochs=120,
        small_epochs=120,
        patience=120,
        alpha_rebuilt=0.0,
        ramp_epochs=10,
    )
    found = train(name, Examples(eight, of), given, lambda _: None)
    assert ranked(name, found.network, of).measures()["recall_at_1"] == 1.0


def test_the_loss_of_the_tuned_cosine_by_hand(encoder):
    """Of a batch with a passage twice: the other one is no negative."""
    network = use_qa.train(examples(8), recipe(encoder=encoder), lambda _: None).network
    asked, said = ["w1 w2", "w3", "w4 w5"], ["w6", "w7 w1", "w6"]
    loss = tuning_loss(network, Matches(asked, said), recipe(duplicates="literal"))
    cosines = VectorIndex(network, said).scores(asked)
    norms = [
        np.linalg.norm(vectors_of(network, texts, side), axis=1)
        for texts, side in ((asked, "question"), (said, "passage"))
    ]
    scores = 20 * cosines / np.outer(*norms)
    left = [[0, 1], [0, 1, 2], [1, 2]]
    expected = np.mean(
        [
            np.log(np.exp(scores[row, places]).sum()) - scores[row, row]
            for row, places in enumerate(left)
        ]
    )
    assert loss(np.arange(3)).item() == pytest.approx(expected, rel=1e-4)


def test_the_tuned_cosine_is_chosen_by_the_reciprocal_rank(encoder):
    found = train("tuned-cosine", examples(32), recipe(encoder=encoder), lambda _: None)
    *_, kept = found.history
    told = measured(found.network, examples(32).validation)
    assert kept["metric"] == pytest.approx(told["mrr"])
    assert told["mrr"] != told["recall_at_1"]


@pytest.mark.parametrize("pool", ["mean", "cls", "max", None])
def test_the_tuned_cosine_pools_as_its_folder_says(pool, tiny, tmp_path):
    of_sentences = {"pool": pool, "is_unit_length": False}
    folder = sentence_folder(tiny, tmp_path, **of_sentences) if pool else tiny
    few = recipe(encoder=folder, tuned_epochs=1)
    found = train("tuned-cosine", examples(16), few, lambda _: None)
    assert found.config["pool"] == (pool or "mean")
    assert found.config["is_unit_length"]
    vectors = vectors_of(found.network, ["w1 w2", "w3"], "passage")
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1], rel=1e-5)


@pytest.mark.parametrize("name", ["dual-gru", "dual-bert", "endx-bert"])
def test_two_towers_read_the_sides_apart(name, encoder):
    given = recipe(encoder=encoder, is_two_tower=True, max_epochs=1, small_epochs=1)
    found = train(name, examples(64), given, lambda _: None)
    model = PassageModel.untrained(name, found.network)
    asked, said = (model.vectors(["w1 w2"], side) for side in ("question", "passage"))
    assert not np.allclose(asked, said)
    one = train(name, examples(64), recipe(encoder=encoder), lambda _: None)
    alone = PassageModel.untrained(name, one.network)
    asked, said = (alone.vectors(["w1 w2"], side) for side in ("question", "passage"))
    assert np.array_equal(asked, said)


def test_the_hops_by_hand():
    hops = MultiHop(size=2, hidden_size=2, n_hops=2)
    with torch.no_grad():
        hops.project.weight.copy_(torch.eye(2))
        hops.score.weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 3.0]]))
    states = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [7.0, 7.0]]])
    mask = torch.tensor([[True, True, False]])
    first, second = math.exp(math.tanh(1)), math.exp(3 * math.tanh(1))
    # Row 1 weighs by the first number of a state, row 2 by the second.
    a, b = first / (first + 1), second / (second + 1)
    assert hops(states, mask)[0].tolist() == pytest.approx([a, 1 - a, 1 - b, b])
    weights = hops.weights(states, mask)[0]
    assert weights.sum(dim=1).tolist() == pytest.approx([1, 1])
    assert weights[:, 2].tolist() == [0, 0]


def test_bm25_by_hand():
    index = bm25.Bm25().index(["red shoe", "Red red hat box"])
    (scores,) = index.scores(["RED hat!"])
    # Two of two have red, one has hat; the mean length is 3.
    red, hat = math.log(1 + 0.5 / 2.5), math.log(1 + 1.5 / 1.5)

    def gain(tf, length):
        return tf / (tf + 1.2 * (0.25 + 0.75 * length / 3))

    expected = [red * gain(1, 2), red * gain(2, 4) + hat * gain(1, 4)]
    assert scores.tolist() == pytest.approx(expected, abs=1e-6)
    assert index.scores(["?", "blue"]).tolist() == [[0, 0], [0, 0]]
    assert bm25.Bm25().index(["?", ""]).scores(["red"]).tolist() == [[0, 0]]


def test_z_scores_of_equal_scores_are_zero():
    found = z_sum.z_scores(np.array([[1.0, 2.0, 6.0], [3.0, 3.0, 3.0]]))
    assert found[0] == pytest.approx((np.array([1, 2, 6]) - 3) / math.sqrt(14 / 3))
    assert found[1].tolist() == [0, 0, 0]


def test_pooling_by_hand(tiny, tmp_path):
    states = torch.tensor([[[1.0, -2.0], [3.0, 4.0], [9.0, 9.0]]])
    mask = torch.tensor([[True, True, False]])
    found = {
        name: use_qa.pooled(states, mask, name)[0].tolist()
        for name in ("mean", "cls", "max")
    }
    assert found == {"mean": [2, 1], "cls": [1, -2], "max": [3, 4]}
    folder = sentence_folder(tiny, tmp_path, pool="cls", is_unit_length=False)
    assert use_qa.pooling_of(folder) == ("cls", False)


def test_a_folder_that_does_not_say_how_it_pools_is_refused(tiny, tmp_path):
    with pytest.raises(EncoderError, match="expected a sentence-transformers folder"):
        use_qa.pooling_of(tiny)
    folder = sentence_folder(tiny, tmp_path, pool="weighted")
    with pytest.raises(EncoderError, match="expected one of mean, cls and max"):
        use_qa.pooling_of(folder)
    dense = sentence_folder(tiny, tmp_path / "dense", more=("Dense",))
    with pytest.raises(EncoderError, match="has Dense too, expected a transformer"):
        use_qa.pooling_of(dense)


def test_the_divergence_by_hand():
    found = vae.Latent(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, math.log(4)]]))
    # (1 + 1 - 1 - 0) / 2 and (0 + 4 - 1 - ln 4) / 2
    expected = 0.5 + (3 - math.log(4)) / 2
    assert found.divergence().item() == pytest.approx(expected)
    torch.manual_seed(0)
    drawn = torch.stack([found.drawn()[0] for _ in range(4000)])
    assert drawn.mean(dim=0).tolist() == pytest.approx([1, 0], abs=0.1)
    assert drawn.std(dim=0).tolist() == pytest.approx([1, 2], abs=0.1)


def test_whose_z_a_text_is_rebuilt_from(encoder):
    made = {
        name: train(
            name, examples(16), recipe(encoder=encoder, small_epochs=1), lambda _: None
        ).network
        for name in ("dual-vae", "cross-vae")
    }
    assert {name: one.is_crossed for name, one in made.items()} == {
        "dual-vae": False,
        "cross-vae": True,
    }
    for name, network in made.items():
        seen = []
        given = recipe(gamma_match=0.0, beta_divergence=0.0)
        losses = vae.Losses(network, matches(4), given, n_ramp_steps=1)
        plain = network.latent

        def latent(tokens, side, plain=plain):
            found = plain(tokens, side)
            value = 1.0 if side == "question" else 2.0
            mean = torch.full_like(found.mean, value)
            return vae.Latent(mean, torch.full_like(mean, -100.0))

        def surprise(tokens, side, z, seen=seen):
            seen.append((side, round(z[0, 0].item())))
            return z.sum(dim=1)

        network.latent, network.surprise = latent, surprise
        losses(np.arange(4))
        own = {"question": 1, "passage": 2}
        other = {"question": 2, "passage": 1}
        assert dict(seen) == (other if name == "cross-vae" else own)


def test_pads_do_not_surprise(encoder):
    network = train(
        "dual-vae",
        examples(16),
        recipe(encoder=encoder, small_epochs=1),
        lambda _: None,
    ).network
    z = torch.zeros(2, network.size)
    together = network.surprise(
        network.read(["w1 w2 w3", "w1"], "question"), "question", z
    )
    alone = network.surprise(network.read(["w1"], "question"), "question", z[:1])
    assert together[1].item() == pytest.approx(alone[0].item(), abs=1e-4)


def test_a_drawn_passage_that_answers_too_is_no_negative():
    few = Matches(["a", "b", "c", "c"], ["x", "x", "y", "z"])
    found = [*bert_qa.pairs_of(few, 20, np.random.default_rng(0))]
    assert [(asked, said) for asked, said, label in found if label] == [
        (0, 0),
        (1, 1),
        (2, 2),
        (3, 3),
    ]
    wrong = {(asked, said) for asked, said, label in found if not label}
    own = {(0, 1), (1, 0), (2, 3), (3, 2), *((place, place) for place in range(4))}
    assert wrong == {(one, other) for one in range(4) for other in range(4)} - own


def test_matches_of_one_question_or_passage_are_no_negatives_where_they_are_masked():
    asked, said = ["a", "b", "c", "c"], ["x", "x", "y", "z"]
    assert alike(asked, said, recipe(duplicates="literal")) is None
    found = alike(asked, said, recipe(duplicates="masked"))
    same = {(0, 1), (1, 0), (2, 3), (3, 2), *((place, place) for place in range(4))}
    assert {tuple(place) for place in found.nonzero().tolist()} == same


def test_batches_are_whole_but_the_only_one():
    rng = np.random.default_rng(0)
    sizes = [len(one) for one in whole(np.zeros(20), rng, 8)]
    assert sizes == [8, 8]
    assert [sorted(one) for one in whole(np.zeros(3), rng, 8)] == [[0, 1, 2]]


def test_published_weights_of_infersent_are_taken_as_they_are(tmp_path, encoder):
    from safetensors.torch import save_file

    torch.manual_seed(0)
    lstm = torch.nn.LSTM(3, 4, batch_first=True, bidirectional=True)
    weights = {f"enc_lstm.{name}": one for name, one in lstm.state_dict().items()}
    save_file(weights, tmp_path / "infersent.safetensors")
    vectors = "red 1 0 0\nhat 0 1 0\n<s> 0 0 1\n</s> 0 0 -1\n"
    (tmp_path / "vectors.txt").write_text(vectors)
    given = recipe(
        encoder=encoder,
        sentence_weights=str(tmp_path / "infersent.safetensors"),
        sentence_vectors=str(tmp_path / "vectors.txt"),
    )
    found = train("infersent", examples(8), given, lambda _: None)
    model = PassageModel.untrained("infersent", found.network)
    inputs = torch.tensor([[[0.0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, -1]]])
    expected = lstm(inputs)[0][0].amax(dim=0)
    (vector,) = model.vectors(["red unknown hat"], "question")
    assert vector == pytest.approx(expected.detach().numpy(), abs=1e-6)
    assert np.isfinite(model.vectors(["?"], "question")).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sentence_weights": "nowhere"}, "sentence_vectors: not given"),
        (
            {"sentence_weights": "nowhere", "sentence_vectors": "nowhere"},
            "nowhere",
        ),
    ],
)
def test_weights_of_infersent_that_are_not_there_are_told(changes, message, encoder):
    with pytest.raises(EncoderError, match=message):
        train(
            "infersent",
            examples(8),
            recipe(encoder=encoder, **changes),
            lambda _: None,
        )


def test_methods_without_an_encoder_need_none(monkeypatch):
    def packaged():
        raise EncoderError("none")

    monkeypatch.setattr("models.encoder.packaged", packaged)
    for name in WITHOUT_ENCODER:
        assert train(name, examples(8), recipe(), lambda _: None).words == ()
