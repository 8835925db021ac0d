"""ENDX-RNNs (4.8): Dual-RNNs, aligned with a cross-encoder of one."""

from functools import partial

from models.passages import dual, endx

train = partial(endx.train_endx, "rnn")
build = dual.build
