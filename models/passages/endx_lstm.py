"""ENDX-LSTMs (4.8): Dual-LSTMs, aligned with a cross-encoder of one."""

from functools import partial

from models.passages import dual, endx

train = partial(endx.train_endx, "lstm")
build = dual.build
