"""The linear chain against the enumeration of all its tag sequences."""

import itertools
import math

import pytest
import torch

from models.crf import Chain, Crf, best_path, log_partition, path_score

LENGTHS = (5, 1, 3, 4)
N_TAGS = 3


def chain(seed=0):
    torch.manual_seed(seed)
    sizes = (N_TAGS,), (N_TAGS, N_TAGS), (N_TAGS,)
    return Chain(*(torch.randn(*size) for size in sizes))


def texts(seed=1, n_pads=0):
    """Emissions and mask of texts of several lengths."""
    torch.manual_seed(seed)
    longest = max(LENGTHS)
    emissions = torch.randn(len(LENGTHS), longest, N_TAGS)
    mask = torch.arange(longest + n_pads) < torch.tensor(LENGTHS).unsqueeze(1)
    pads = torch.full((len(LENGTHS), n_pads, N_TAGS), 7.0)
    return torch.cat([emissions, pads], dim=1), mask


def enumerated(chain, emissions):
    """Every tag sequence of one text with its score, by the equation."""
    starts, steps, ends = (
        one.tolist() for one in (chain.starts, chain.transitions, chain.ends)
    )
    own = emissions.tolist()
    found = {}
    for tags in itertools.product(range(N_TAGS), repeat=len(own)):
        value = starts[tags[0]] + ends[tags[-1]]
        value += sum(own[place][tag] for place, tag in enumerate(tags))
        value += sum(steps[one][two] for one, two in itertools.pairwise(tags))
        found[tags] = value
    return found


def test_the_scores_of_two_tokens_worked_by_hand():
    given = Chain(
        torch.tensor([1.0, 2.0]),
        torch.tensor([[0.5, -1.0], [3.0, 0.25]]),
        torch.tensor([0.0, 10.0]),
    )
    emissions, mask = torch.tensor([[[1.0, 0.0], [0.0, 4.0]]]), torch.ones(1, 2) > 0
    # Tags 1, 0: a_1 + P_11 + T_10 + P_20 + z_0 = 2 + 0 + 3 + 0 + 0.
    assert path_score(given, emissions, mask, torch.tensor([[1, 0]])).item() == 5.0
    all_paths = [1 + 1 + 0.5 + 0 + 0, 1 + 1 - 1 + 4 + 10, 5, 2 + 0 + 0.25 + 4 + 10]
    expected = math.log(sum(map(math.exp, all_paths)))
    found = log_partition(given, emissions, mask).item()
    assert found == pytest.approx(expected, abs=1e-5)
    tags, score = best_path(given, emissions, mask)
    assert (tags.tolist(), score.item()) == ([[1, 1]], 16.25)


@pytest.mark.parametrize("n_pads", [0, 50])
def test_every_sequence_has_its_score_and_their_probabilities_sum_to_one(n_pads):
    given, (emissions, mask) = chain(), texts(n_pads=n_pads)
    partition = log_partition(given, emissions, mask)
    for row, length in enumerate(LENGTHS):
        paths = enumerated(given, emissions[row, :length])
        total = math.log(sum(map(math.exp, paths.values())))
        assert partition[row].item() == pytest.approx(total, abs=1e-5)
        tags = torch.zeros(len(paths), mask.shape[1], dtype=torch.long)
        tags[:, :length] = torch.tensor(list(paths))
        tags[:, length:] = 2  # whatever stands at a pad
        scores = path_score(
            given,
            emissions[row].expand(len(paths), -1, -1),
            mask[row].expand(len(paths), -1),
            tags,
        )
        assert scores.tolist() == pytest.approx(list(paths.values()), abs=1e-5)
        chances = (scores - partition[row]).exp()
        assert chances.sum().item() == pytest.approx(1, abs=1e-5)
    alone = log_partition(given, emissions[2:3, :3], mask[2:3, :3])
    torch.testing.assert_close(alone, partition[2:3])


@pytest.mark.parametrize("n_pads", [0, 50])
@pytest.mark.parametrize("seed", range(5))
def test_viterbi_finds_the_best_of_all_sequences(n_pads, seed):
    given, (emissions, mask) = chain(seed), texts(seed + 10, n_pads)
    tags, scores = best_path(given, emissions, mask)
    for row, length in enumerate(LENGTHS):
        paths = enumerated(given, emissions[row, :length])
        best = max(paths, key=lambda tags, paths=paths: paths[tags])
        assert tuple(tags[row, :length].tolist()) == best
        assert scores[row].item() == pytest.approx(paths[best], abs=1e-5)
    assert tags[~mask].tolist() == [0] * int((~mask).sum())


def test_a_forbidden_step_is_never_taken():
    given, (emissions, mask) = chain(), texts()
    steps = given.transitions.clone()
    steps[:, 1] = -torch.inf
    tags, _ = best_path(Chain(given.starts, steps, given.ends), emissions, mask)
    assert 1 not in tags[:, 1:]
    assert 1 in best_path(given, emissions, mask)[0][:, 1:]


def test_the_gradient_of_the_partition_is_the_marginal_of_each_tag():
    given, (emissions, mask) = chain(), texts()
    emissions.requires_grad_()
    log_partition(given, emissions, mask).sum().backward()
    for row, length in enumerate(LENGTHS):
        paths = enumerated(given, emissions[row, :length].detach())
        total = sum(map(math.exp, paths.values()))
        for place, tag in itertools.product(range(length), range(N_TAGS)):
            with_tag = sum(
                math.exp(score) for tags, score in paths.items() if tags[place] == tag
            )
            marginal = emissions.grad[row, place, tag].item()
            assert marginal == pytest.approx(with_tag / total, abs=1e-5)
    assert not emissions.grad[~mask].any()


def test_the_loss_is_the_mean_and_trains_all_scores_to_a_sequence():
    torch.manual_seed(0)
    layer, (emissions, mask) = Crf(N_TAGS), texts(n_pads=2)
    tags = torch.randint(N_TAGS, mask.shape, generator=torch.Generator().manual_seed(3))
    loss = layer.loss(emissions, mask, tags)
    expected = [
        math.log(sum(map(math.exp, paths.values())))
        - paths[tuple(tags[row, :length].tolist())]
        for row, length in enumerate(LENGTHS)
        for paths in [enumerated(layer.chain, emissions[row, :length])]
    ]
    assert loss.item() == pytest.approx(sum(expected) / len(expected), abs=1e-5)
    loss.backward()
    assert all(one.grad.abs().sum() > 0 for one in layer.parameters())
    trained = [*layer.parameters(), emissions.requires_grad_()]
    optimiser = torch.optim.Adam(trained, lr=0.3)
    for _ in range(60):
        optimiser.zero_grad()
        layer.loss(emissions, mask, tags).backward()
        optimiser.step()
    found, _ = best_path(layer.chain, emissions, mask)
    assert found[mask].tolist() == tags[mask].tolist()
