"""Dual-VAEs (Shen et al. 2018; 4.8): each text is rebuilt from its own z."""

from functools import partial

from models.passages import vae

train = partial(vae.train_vae, is_crossed=False)
build = vae.build
