"""Values of attributes in texts: the adapter of the attribute models."""

from collections.abc import Sequence

import numpy as np

from models.attributes import AttributeExtractor
from models.attributes.extractor import Extracted, best_of
from udfs.batching import Failure, in_budget


def extract_values(
    model: AttributeExtractor,
    contexts: Sequence[str],
    attributes: Sequence[str],
    *,
    token_budget: int,
) -> tuple[list[Extracted], dict[int, Failure]]:
    """The best value of each example; needs no Spark.

    Each distinct text is tokenised once; windows of like length share a batch.

    Args:
        model: From `models.attributes.load`.
        contexts: Text of each example, [n].
        attributes: Attribute asked of it, [n].
        token_budget: Padded tokens of one batch.

    Returns:
        What was found, [n], also where the logit is below 0; and the failures by the
        place of their example, of which nothing is found.
    """
    windows = model.windows(contexts, attributes)
    lengths = np.array([len(window) for window in windows])
    results = in_budget(
        lengths,
        token_budget,
        lambda places: model.extract([windows[place] for place in places]),
    )
    failures = {
        windows[place].example: failure for place, failure in results.failures.items()
    }
    found = [
        one
        for _, batch in results.batches
        for one in batch
        if one.example not in failures
    ]
    return best_of(found, len(contexts)), failures
