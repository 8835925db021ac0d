"""ENDX-BERTs (4.8): Dual-BERTs, aligned with a cross-encoder of one."""

from functools import partial

from models.passages import dual, endx

train = partial(endx.train_endx, "bert")
build = dual.build
