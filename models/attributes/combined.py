"""AVEQA, SUOpenTag and the gazetteer together: whose value to believe.

The gazetteer is strong on values that were seen in training and finds no other. AVEQA
and SUOpenTag find those too, and are less sure of what everybody knows; which of the
two is the better differs from catalogue to catalogue. The candidates of a window are
AVEQA's best span, SUOpenTag's first two values and the known values that stand in it,
up to five, the longest first. A candidate c is right with probability

    p(c is right) = sigmoid(w . f(c) + v)

and the surest candidate is the window's value, its logit w . f(c) + v. The features f:

| feature | of the candidate |
|---|---|
| odds | AVEQA's logit of any span: the smaller of its log-odds and the classifier's |
| behind | log p of the span less that of AVEQA's best span, 0 for that one |
| tagged | 1 where it is a value of SUOpenTag's best path that holds one |
| tagged odds | the logit of that path where it is tagged; 0 of another |
| other odds | the logit of that path where it is not; 0 of one that is tagged |
| known | 1 where it is a known value of the attribute |
| precision | log (n_right + 1) / (n_wrong + 1) of the known value; 0 of another |
| support | log (1 + n_right) of the known value; 0 of another |
| longest | 1 for the gazetteer's own choice |
| contradicted | 1 where it is not known and a known value stands in the window |
| missing | 1 where the attribute is known and none of its values is in the text |

Log-odds are cut at 20 on both sides.

All three learn from the training products. w and v are fitted on the candidates of the
validation products, which none has seen, as tomorrow's texts are (logistic regression
with a penalty, C = 1, on features of mean 0 and variance 1); by those products the
epochs, the calibration and the thresholds are chosen too, as of every method.

SUOpenTag reads the stretch of text that AVEQA's window holds, with the pretrained
encoder as it came: once for all attributes that are asked of it in a batch.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

from models.attributes import aveqa, gazetteer, suopentag
from models.attributes.aveqa import Aveqa
from models.attributes.examples import Asked, Examples, Recipe, Report, Trained
from models.attributes.extractor import Extracted
from models.attributes.gazetteer import Gazetteer, Match
from models.attributes.spans import best_spans
from models.attributes.suopentag import SuOpenTag
from models.attributes.tags import best_value, spans_in
from models.attributes.windows import Window
from models.extraction import outcome
from models.training import NotTrainableError, training_device

N_FEATURES = 11
_N_KNOWN = 5
_N_TAGGED = 2
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
        features: f, [C, 11].
    """

    rows: Sequence[int]
    spans: Sequence[tuple[int, int]]
    features: Tensor


@dataclass(frozen=True)
class Tagged:
    """What SUOpenTag finds in some windows.

    Attributes:
        spans: First and last piece of its values, the first two of each window.
        logits: Of the path that holds them, [B]; -inf of an empty window.
    """

    spans: Sequence[Sequence[tuple[int, int]]]
    logits: Sequence[float]


class Combined(nn.Module):
    """The three, and the layer that weighs their candidates."""

    def __init__(
        self, of_span: Aveqa, of_tags: SuOpenTag, of_values: Gazetteer
    ) -> None:
        super().__init__()
        self.aveqa = of_span
        self.suopentag = of_tags
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
        """Of all windows with a text: AVEQA's, SUOpenTag's, then what is known."""
        read = [one.window for one in windows]
        states, legal = self.aveqa.read(read)
        head = self.aveqa.span
        best = best_spans(head, states, legal)
        first = list(zip(best.begin.tolist(), best.end.tolist(), strict=True))
        tagged = self.tagged(read)
        spans = [
            list(dict.fromkeys([own, *of_tags, *one.known])) if one.window.ids else []
            for own, of_tags, one in zip(first, tagged.spans, windows, strict=True)
        ]
        n_most = max([1, *map(len, spans)])
        padded = [of_one + [_NOWHERE] * (n_most - len(of_one)) for of_one in spans]
        scores = head.score(states, legal, torch.tensor(padded, device=states.device))
        odds = self.aveqa.odds(states, scores - best.none.unsqueeze(1))
        behind = scores - best.log_probability.unsqueeze(1)
        of_span = torch.stack([odds, behind]).clamp(-_LARGEST, _LARGEST)
        rows = [row for row, of_one in enumerate(spans) for _ in of_one]
        places = [place for of_one in spans for place in range(len(of_one))]
        others = [
            [
                *_of_tags(span in of_tags, logit),
                *self._known(one, span),
            ]
            for one, of_one, of_tags, logit in zip(
                windows, spans, tagged.spans, tagged.logits, strict=True
            )
            for span in of_one
        ]
        n_others = N_FEATURES - len(of_span)
        of_others = torch.tensor(others, device=states.device).reshape(-1, n_others)
        return Candidates(
            rows=rows,
            spans=[spans[row][place] for row, place in zip(rows, places, strict=True)],
            features=torch.cat([of_span[:, rows, places].T, of_others], dim=1),
        )

    def tagged(self, windows: Sequence[Window]) -> Tagged:
        """SUOpenTag's values of AVEQA's windows."""
        spans: list[list[tuple[int, int]]] = [[] for _ in windows]
        logits = [-math.inf] * len(windows)
        rows = [row for row, window in enumerate(windows) if window.ids]
        if rows:
            apart = [replace(windows[row], attribute=None) for row in rows]
            emissions, mask = self.suopentag.emissions(apart)
            paths, of_paths = best_value(self.suopentag.crf.chain, emissions, mask)
            for row, tags, logit in zip(
                rows, paths.tolist(), of_paths.tolist(), strict=True
            ):
                # Places of a window count from its [CLS].
                found = [(begin + 1, end + 1) for begin, end in spans_in(tags)]
                spans[row], logits[row] = found[:_N_TAGGED], logit
        return Tagged(spans, logits)

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


def _of_tags(is_tagged: bool, logit: float) -> tuple[float, float, float]:
    odds = max(-_LARGEST, min(_LARGEST, logit))
    return float(is_tagged), odds * is_tagged, odds * (not is_tagged)


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Train AVEQA and SUOpenTag, learn the known values, weigh them."""
    of_span = aveqa.train(examples, recipe, report)
    of_tags = suopentag.train(examples, recipe, report)
    of_values = gazetteer.train(examples, recipe, report)
    network = Combined(of_span.network, of_tags.network, of_values.network)
    network.to(training_device()).eval()
    fit_weights(network, examples.validation)
    config = {
        "aveqa": of_span.config,
        "suopentag": of_tags.config,
        "n_pieces": len(of_span.words),
    }
    # Both networks read the pieces of one encoder.
    words = (*of_span.words, *of_values.words)
    history = (*of_span.history, *of_tags.history)
    return Trained(network, config, words, history=history)


@torch.inference_mode()
def fit_weights(network: Combined, unseen: Asked) -> None:
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


def build(config: Mapping[str, Any], words: Sequence[str]) -> Combined:
    """The network of a model folder, before its weights."""
    pieces, values = words[: config["n_pieces"]], words[config["n_pieces"] :]
    return Combined(
        aveqa.build(config["aveqa"], pieces),
        suopentag.build(config["suopentag"], pieces),
        gazetteer.build({}, values),
    )
