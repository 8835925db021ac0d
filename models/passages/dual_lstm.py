"""Dual-LSTMs (4.8): a dual encoder trained with (1) alone."""

from functools import partial

from models.passages import dual

train = partial(dual.train_dual, "lstm")
build = dual.build
