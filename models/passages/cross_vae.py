"""Cross-VAEs (Yu et al. 2020; 4.8): each text is rebuilt from its match's z."""

from functools import partial

from models.passages import vae

train = partial(vae.train_vae, is_crossed=True)
build = vae.build
