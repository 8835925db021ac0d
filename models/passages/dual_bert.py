"""Dual-BERTs (4.8): a dual encoder trained with (1) alone."""

from functools import partial

from models.passages import dual

train = partial(dual.train_dual, "bert")
build = dual.build
