"""A value as the tags of its text's pieces: O outside, B its first piece, I the others.

A tagger says none where the best legal path is all O. Its value is the first span of
the best path that holds one, the others stand beside it, and its logit is what that
path has ahead:

    y* = argmax_{y with a B} s(x, y),  logit = s(x, y*) - s(x, O ... O)

the log-odds of the two under a CRF; above 0 exactly where Viterbi's best legal path
holds a value, which is the rule. For a tagger whose pieces are independent, s is the
sum of their log-probabilities and the chain's own scores are 0.

Legal are the paths in which I follows B or I. The best one with a value is Viterbi's
over four tags, O before any value, B, I, and O behind one.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from models.attributes.examples import Span
from models.attributes.extractor import Extracted
from models.attributes.windows import Window
from models.crf import Chain, best_path, path_score

OUTSIDE, BEGIN, INSIDE = range(3)
N_TAGS = 3
# The tags of a path that holds a value, as the three; and which may follow which.
_AS_TAGS = (OUTSIDE, BEGIN, INSIDE, OUTSIDE)
_MAY_START = (True, True, False, False)
_MAY_FOLLOW = (
    (True, True, False, False),
    (False, True, True, True),
    (False, True, True, True),
    (False, True, False, True),
)
_MAY_END = (False, True, True, True)


def tags_of(places: np.ndarray, length: int) -> Tensor:
    """Tags of some windows' pieces, [B, length].

    >>> tags_of(np.array([[2, 3], [0, 0]]), 4).tolist()
    [[0, 1, 2, 0], [0, 0, 0, 0]]

    Args:
        places: First and last piece of the value, from 1; (0, 0): none, [B, 2].
        length: Pieces of the longest window.
    """
    begin, end = torch.from_numpy(places).unsqueeze(2).unbind(1)
    steps = torch.arange(1, length + 1)
    inside = (steps > begin) & (steps <= end)
    return BEGIN * ((steps == begin).long()) + INSIDE * inside.long()


def spans_in(tags: Sequence[int]) -> list[tuple[int, int]]:
    """First and last place of each value, from 0.

    >>> spans_in([0, 1, 2, 0, 1])
    [(1, 2), (4, 4)]
    """
    found = []
    for begin, tag in enumerate(tags):
        if tag == BEGIN:
            end = begin
            while end + 1 < len(tags) and tags[end + 1] == INSIDE:
                end += 1
            found.append((begin, end))
    return found


def best_value(chain: Chain, emissions: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """The best path that holds a value as tags [B, L], and the logit [B]."""
    as_tags = torch.tensor(_AS_TAGS, device=emissions.device)
    holding = Chain(
        _where(_MAY_START, chain.starts[as_tags]),
        _where(_MAY_FOLLOW, chain.transitions[as_tags][:, as_tags]),
        _where(_MAY_END, chain.ends[as_tags]),
    )
    path, score = best_path(holding, emissions[..., as_tags], mask)
    without = torch.full_like(path, OUTSIDE)
    return as_tags[path], score - path_score(chain, emissions, mask, without)


def taught(
    windows: Sequence[Window], spans: Sequence[Span | None]
) -> tuple[list[Window], np.ndarray]:
    """The windows that hold a piece, and the places of their values for `tags_of`.

    Args:
        windows: Of some examples.
        spans: Characters of each example's value; None: none.
    """
    kept = [window for window in windows if window.ids]
    places = [window.target(spans[window.example]) for window in kept]
    return kept, np.array(places).reshape(-1, 2)


def extracted(
    windows: Sequence[Window],
    chain: Chain,
    emit: Callable[[Sequence[Window]], tuple[Tensor, Tensor]],
) -> list[Extracted]:
    """The best value of each window, as the characters of its pieces.

    Args:
        windows: One without a piece has no value.
        chain: Of the tagger.
        emit: Gives the emissions [B, L, 3] of windows that hold a piece, and the mask
            of their pieces.
    """
    found = [nothing(window) for window in windows]
    rows = [row for row, window in enumerate(windows) if window.ids]
    if not rows:
        return found
    emissions, mask = emit([windows[row] for row in rows])
    paths, logits = best_value(chain, emissions, mask)
    for row, tags, logit in zip(rows, paths.tolist(), logits.tolist(), strict=True):
        window = windows[row]
        # Places of a window count from its [CLS].
        spans = [window.characters(begin + 1, end + 1) for begin, end in spans_in(tags)]
        if spans:
            found[row] = Extracted(window.example, spans[0], logit, tuple(spans[1:]))
    return found


def nothing(window: Window) -> Extracted:
    """Of a window in which no value can be."""
    return Extracted(window.example, None, -math.inf)


def _where(allowed: Sequence[object], scores: Tensor) -> Tensor:
    may = torch.tensor(allowed, device=scores.device)
    return scores.masked_fill(~may, -torch.inf)
