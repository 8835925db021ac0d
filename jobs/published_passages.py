"""What was published of passage models (models.md 4.9), as fractions.

ENDX, on ReQA SQuAD, Natural Questions, HotpotQA and NewsQA with BERT-base or 768 units;
rows of InferSent, USE-QA and the VAEs are those that it took from Yu et al. 2020.
"""

from collections.abc import Mapping

Figures = tuple[float, float, float]  # MRR, set recall at 1, at 5

METHODS: Mapping[str, Mapping[str, Figures]] = {
    "squad": {
        "bm25": (0.5296, 0.4581, 0.6131),
        "infersent": (0.3690, 0.2791, 0.4692),
        "use-qa": (0.6123, 0.5316, 0.6993),
        "dual-vae": (0.6148, 0.5501, 0.6849),
        "cross-vae": (0.6229, 0.5560, 0.7005),
        "dual-rnn": (0.5219, 0.4096, 0.6511),
        "endx-rnn": (0.5368, 0.4220, 0.6730),
        "dual-gru": (0.5524, 0.4439, 0.6800),
        "endx-gru": (0.5865, 0.4829, 0.7090),
        "dual-lstm": (0.5877, 0.4926, 0.6979),
        "endx-lstm": (0.6100, 0.5079, 0.7287),
        "dual-transformer": (0.6258, 0.5151, 0.7599),
        "endx-transformer": (0.6373, 0.5341, 0.7602),
        "dual-bert": (0.7106, 0.6124, 0.8309),
        "endx-bert": (0.7343, 0.6394, 0.8518),
    },
    "natural-questions": {
        "dual-rnn": (0.4145, 0.2684, 0.6001),
        "endx-rnn": (0.4357, 0.2929, 0.6211),
        "dual-gru": (0.4499, 0.3126, 0.6231),
        "endx-gru": (0.4718, 0.3336, 0.6409),
        "dual-lstm": (0.4607, 0.3313, 0.6428),
        "endx-lstm": (0.4929, 0.3618, 0.6525),
        "dual-transformer": (0.4634, 0.3190, 0.6468),
        "endx-transformer": (0.4785, 0.3352, 0.6599),
        "dual-bert": (0.5480, 0.4058, 0.7266),
        "endx-bert": (0.5776, 0.4332, 0.7615),
    },
    "hotpotqa": {
        "dual-rnn": (0.2286, 0.1383, 0.3271),
        "endx-rnn": (0.2420, 0.1469, 0.3479),
        "dual-gru": (0.2544, 0.1661, 0.3477),
        "endx-gru": (0.2696, 0.1776, 0.3708),
        "dual-lstm": (0.2516, 0.1668, 0.3433),
        "endx-lstm": (0.2578, 0.1666, 0.3552),
        "dual-transformer": (0.2622, 0.1540, 0.3864),
        "endx-transformer": (0.2659, 0.1554, 0.3945),
        "dual-bert": (0.3904, 0.2713, 0.5291),
        "endx-bert": (0.4068, 0.2874, 0.5458),
    },
    "newsqa": {
        "dual-rnn": (0.2223, 0.1280, 0.3264),
        "endx-rnn": (0.2333, 0.1439, 0.3314),
        "dual-gru": (0.2621, 0.1686, 0.3716),
        "endx-gru": (0.2861, 0.1978, 0.3851),
        "dual-lstm": (0.2839, 0.2032, 0.3706),
        "endx-lstm": (0.3001, 0.2142, 0.3955),
        "dual-transformer": (0.2782, 0.1800, 0.3877),
        "endx-transformer": (0.2925, 0.1921, 0.4100),
        "dual-bert": (0.3735, 0.2664, 0.4936),
        "endx-bert": (0.3790, 0.2726, 0.4995),
    },
}
# SQuAD, passages that answer at least eight questions.
MANY: Mapping[str, Figures] = {
    "use-qa": (0.4706, 0.4090, 0.5344),
    "cross-vae": (0.4852, 0.4455, 0.5352),
    "dual-bert": (0.6019, 0.4856, 0.7402),
    "endx-bert": (0.6493, 0.5223, 0.8136),
}
# Natural Questions, the alignment without one of its terms.
WITHOUT: Mapping[str, Figures] = {
    "without it (dual)": (0.5480, 0.4058, 0.7266),
    "all terms": (0.5776, 0.4332, 0.7615),
    "without q|q": (0.5637, 0.4201, 0.7465),
    "without a|a": (0.5689, 0.4225, 0.7528),
    "without q|a": (0.5600, 0.4212, 0.7327),
    "without a|q": (0.5587, 0.4139, 0.7414),
}
# 500 SQuAD pairs of 27 passages; the last number is milliseconds a question on a V100.
INTERACTION: Mapping[str, tuple[float, float, float, float]] = {
    "dual-bert": (0.7183, 0.6042, 0.8726, 14.19),
    "endx-bert": (0.7644, 0.6501, 0.9270, 14.19),
    "bert-qa": (0.7982, 0.6994, 0.9351, 6939.61),
}
