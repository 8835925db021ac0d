"""AVEQA and the gazetteer together: whose value to believe.

The gazetteer is strong on values that were seen in training and finds no other; AVEQA
finds those too, and is less sure of what everybody knows. The candidates of a window
are AVEQA's best span and the known values that stand in it, up to five, the longest
first. A candidate c is right with probability

    p(c is right) = sigmoid(w . f(c) + v)

and the surest candidate is the window's value, its logit w . f(c) + v. The features f:

| feature | of the candidate |
|---|---|
| odds | AVEQA's logit of any span: the smaller of its log-odds and the classifier's |
| behind | log p of the span less that of AVEQA's best span, 0 for that one |
| known | 1 where it is a known value of the attribute |
| precision | log (n_right + 1) / (n_wrong + 1) of the known value; 0 of another |
| support | log (1 + n_right) of the known value; 0 of another |
| longest | 1 for the gazetteer's own choice |
| contradicted | 1 where it is not known and a known value stands in the window |
| missing | 1 where the attribute is known and none of its values is in the text |

Log-odds are cut at 20 on both sides.

AVEQA and the gazetteer learn from the training products. w and v are fitted on the
candidates of the validation products, which neither has seen, as tomorrow's texts are
(logistic regression with a penalty, C = 1, on features of mean 0 and variance 1); by
those products AVEQA's epoch, the calibration and the thresholds are chosen too, as of
every method.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

from models.attributes import aveqa, gazetteer
from models.attributes.aveqa import Aveqa
from models.attributes.examples import Asked, Examples, Recipe, Report, Trained
from models.attributes.extractor import Extracted
from models.attributes.gazetteer import Gazetteer, Match
from models.attributes.spans import best_spans
from models.attributes.windows import Window
from models.extraction import outcome
from models.training import NotTrainableError

N_FEATURES = 8
_N_KNOWN = 5
_NOWHERE = (0, 0)
_LARGEST = 20.0
_WINDOWS_AT_ONCE = 64


@dataclass(frozen=True)
class Looked:
    """A window with what the gazetteer knows.

    Attributes:
        window: As AVEQA reads it.
        known: First and last piece of the known values in it, with their place among
            all known values; the longest first.
        longest: Pieces of the gazetteer's own choice; (0, 0) where it is not here.
        is_missing: Whether the attribute is known and no value of it in the text.
    """

    window: Window
    known: Mapping[tuple[int, int], int]
    longest: tuple[int, int]
    is_missing: bool

    @property
    def example(self) -> int:
        """Place of the example."""
        return self.window.example

    def __len__(self) -> int:
        return len(self.window)


@dataclass(frozen=True)
class Candidates:
    """Candidates of some windows, one window behind the other.

    Attributes:
        rows: Window of each, [C].
        spans: First and last piece of each in its window, [C].
        features: f, [C, 8].
    """

    rows: Sequence[int]
    spans: Sequence[tuple[int, int]]
    features: Tensor


class AveqaGazetteer(nn.Module):
    """AVEQA, the gazetteer, and the layer that weighs their candidates."""

    def __init__(self, of_text: Aveqa, of_values: Gazetteer) -> None:
        super().__init__()
        self.aveqa = of_text
        self.gazetteer = of_values
        self.weigh = nn.Linear(N_FEATURES, 1)

    def windows(
        self, contexts: Sequence[str], attributes: Sequence[str]
    ) -> list[Looked]:
        """What AVEQA reads of some examples, with the known values in it."""
        matches = [
            self.gazetteer.matches(context, attribute)
            for context, attribute in zip(contexts, attributes, strict=True)
        ]
        return [
            self._looked(window, matches[window.example])
            for window in self.aveqa.windows(contexts, attributes)
        ]

    def _looked(self, window: Window, matches: Sequence[Match]) -> Looked:
        placed = [(window.places(match.span), match.place) for match in matches]
        inside = [(pieces, place) for pieces, place in placed if pieces != _NOWHERE]
        return Looked(
            window=window,
            known=dict(inside[:_N_KNOWN]),
            longest=placed[0][0] if placed else _NOWHERE,
            is_missing=not matches and self.gazetteer.knows(window.name),
        )

    def extract(self, windows: Sequence[Looked]) -> list[Extracted]:
        """The surest candidate of each window."""
        candidates = self.candidates(windows)
        logits = self.weigh(candidates.features).squeeze(1).tolist()
        found = [Extracted(one.example, None, -np.inf) for one in windows]
        for row, span, logit in zip(
            candidates.rows, candidates.spans, logits, strict=True
        ):
            if logit > found[row].logit:
                characters = windows[row].window.characters(*span)
                found[row] = Extracted(windows[row].example, characters, logit)
        return found

    def candidates(self, windows: Sequence[Looked]) -> Candidates:
        """Of all windows with a text: AVEQA's best span first, then what is known."""
        states, legal = self.aveqa.read([one.window for one in windows])
        head = self.aveqa.span
        best = best_spans(head, states, legal)
        first = list(zip(best.begin.tolist(), best.end.tolist(), strict=True))
        spans = [
            list(dict.fromkeys([own, *one.known])) if one.window.ids else []
            for own, one in zip(first, windows, strict=True)
        ]
        n_most = max([1, *map(len, spans)])
        padded = [of_one + [_NOWHERE] * (n_most - len(of_one)) for of_one in spans]
        scores = head.score(states, legal, torch.tensor(padded, device=states.device))
        odds = self.aveqa.odds(states, scores - best.none.unsqueeze(1))
        behind = scores - best.log_probability.unsqueeze(1)
        of_text = torch.stack([odds, behind]).clamp(-_LARGEST, _LARGEST)
        rows = [row for row, of_one in enumerate(spans) for _ in of_one]
        places = [place for of_one in spans for place in range(len(of_one))]
        of_values = [
            self._known(one, span)
            for one, of_one in zip(windows, spans, strict=True)
            for span in of_one
        ]
        known = torch.tensor(of_values, device=states.device).reshape(-1, 6)
        return Candidates(
            rows=rows,
            spans=[spans[row][place] for row, place in zip(rows, places, strict=True)],
            features=torch.cat([of_text[:, rows, places].T, known], dim=1),
        )

    def _known(self, looked: Looked, span: tuple[int, int]) -> list[float]:
        place = looked.known.get(span)
        is_known = place is not None
        precision, support = (
            self.gazetteer.evidence(place) if place is not None else (0.0, 0.0)
        )
        return [
            float(is_known),
            precision,
            support,
            float(span == looked.longest),
            float(not is_known and bool(looked.known)),
            float(looked.is_missing),
        ]


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Train AVEQA, learn the known values, weigh one against the other."""
    of_text = aveqa.train(examples, recipe, report)
    of_values = gazetteer.train(examples, recipe, report)
    network = AveqaGazetteer(of_text.network, of_values.network).eval()
    fit_weights(network, examples.validation)
    config = {"aveqa": of_text.config, "n_pieces": len(of_text.words)}
    words = (*of_text.words, *of_values.words)
    return Trained(network, config, words, history=of_text.history)


@torch.inference_mode()
def fit_weights(network: AveqaGazetteer, unseen: Asked) -> None:
    """Fit the layer on the candidates of examples that neither part has seen.

    Raises:
        NotTrainableError: All candidates are right, or all are wrong.
    """
    windows = network.windows(unseen.contexts, unseen.attributes)
    gold = unseen.values()
    features, labels = [], []
    for start in range(0, len(windows), _WINDOWS_AT_ONCE):
        chosen = windows[start : start + _WINDOWS_AT_ONCE]
        candidates = network.candidates(chosen)
        features.append(candidates.features.cpu().numpy())
        for row, span in zip(candidates.rows, candidates.spans, strict=True):
            one = chosen[row]
            begin, end = one.window.characters(*span)
            value = unseen.contexts[one.example][begin:end]
            labels.append(outcome(gold[one.example], value).right)
    if len(set(labels)) < 2:
        raise NotTrainableError(
            f"{len(unseen)} validation examples: all candidates are"
            f" {'right' if any(labels) else 'wrong'}, expected some of both: give more"
            " labelled products or raise validation_share"
        )
    table = np.concatenate(features)
    scaler = StandardScaler().fit(table)
    fitted = LogisticRegression(C=1.0, max_iter=1000).fit(
        scaler.transform(table), labels
    )
    weights = fitted.coef_[0] / scaler.scale_
    offset = fitted.intercept_[0] - float(weights @ scaler.mean_)
    network.weigh.weight.copy_(torch.from_numpy(weights[None]))
    network.weigh.bias.fill_(float(offset))


def build(config: Mapping[str, Any], words: Sequence[str]) -> AveqaGazetteer:
    """The network of a model folder, before its weights."""
    n_pieces = config["n_pieces"]
    return AveqaGazetteer(
        aveqa.build(config["aveqa"], words[:n_pieces]),
        gazetteer.build({}, words[n_pieces:]),
    )
