"""ENDX-GRUs (4.8): Dual-GRUs, aligned with a cross-encoder of one."""

from functools import partial

from models.passages import dual, endx

train = partial(endx.train_endx, "gru")
build = dual.build
