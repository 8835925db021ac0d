"""ENDX-Transformers (4.8): Dual-Transformers, aligned with a cross-encoder of one."""

from functools import partial

from models.passages import dual, endx

train = partial(endx.train_endx, "transformer")
build = dual.build
