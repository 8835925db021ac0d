"""What was published of attribute models (models.md 5.11), as fractions.

Wang et al., KDD 2020. The SUOpenTag rows of AE-pub are those that its authors publish
for their own 80:20 split; they were not run again on the same one.
"""

from collections.abc import Mapping

Figures = tuple[float, float, float]  # precision, recall, F1

# By set, attribute ("": all of them) and method.
PUBLISHED: Mapping[str, Mapping[str, Mapping[str, Figures]]] = {
    "ae-pub": {
        "": {
            "suopentag": (0.7985, 0.7057, 0.7492),
            "aveqa": (0.8611, 0.8394, 0.8501),
        },
        "Brand Name": {
            "bilstm": (0.9021, 0.9067, 0.9044),
            "bilstm-crf": (0.9045, 0.9097, 0.9071),
            "opentag": (0.9032, 0.9110, 0.9071),
            "suopentag": (0.9119, 0.9157, 0.9138),
            "aveqa": (0.9641, 0.9700, 0.9670),
        },
        "Material": {
            "bilstm": (0.7212, 0.6256, 0.6700),
            "bilstm-crf": (0.7240, 0.6345, 0.6763),
            "opentag": (0.7256, 0.6478, 0.6845),
            "suopentag": (0.7407, 0.6386, 0.6859),
            "aveqa": (0.8634, 0.8720, 0.8676),
        },
        "Color": {
            "bilstm": (0.5213, 0.4865, 0.5033),
            "bilstm-crf": (0.5268, 0.4812, 0.5030),
            "opentag": (0.5283, 0.4845, 0.5054),
            "suopentag": (0.5758, 0.4872, 0.5278),
            "aveqa": (0.7647, 0.7768, 0.7706),
        },
        "Category": {
            "bilstm": (0.6084, 0.5002, 0.5489),
            "bilstm-crf": (0.6048, 0.5065, 0.5513),
            "opentag": (0.6217, 0.5079, 0.5591),
            "suopentag": (0.6203, 0.5158, 0.5632),
            "aveqa": (0.8443, 0.8570, 0.8505),
        },
    },
    "ae-zero-shot": {
        "Frame Color": {
            "suopentag": (0.6316, 0.4800, 0.5455),
            "aveqa": (0.8654, 0.4882, 0.6220),
        },
        "Lenses Color": {
            "suopentag": (0.6429, 0.4091, 0.5000),
            "aveqa": (0.8842, 0.4591, 0.5994),
        },
        "Shell Material": {
            "suopentag": (0.5405, 0.4444, 0.4878),
            "aveqa": (0.7396, 0.6576, 0.6952),
        },
        "Wheel Material": {
            "suopentag": (0.7059, 0.3750, 0.4898),
            "aveqa": (0.7069, 0.6556, 0.6796),
        },
        "Product Type": {
            "suopentag": (0.6486, 0.4329, 0.5192),
            "aveqa": (0.9179, 0.7069, 0.7982),
        },
    },
}

# Of the multi-task study: F1 alone, and what the text says.
MULTI_TASK: Mapping[str, Mapping[str, float]] = {
    "ae-pub": {"qa": 0.8508, "qa-mlm": 0.8497, "aveqa": 0.8501}
}
SAID_OF_TASKS: Mapping[str, str] = {
    "ae-pub": "on attributes seen in training the further tasks do not help",
    "ae-zero-shot": "the distillation adds 5.9 % of QA's F1, the classifier helps too,"
    " both together are best",
}


def named_attributes(published: str | None) -> list[str]:
    """The attributes of a set whose figures were published one by one."""
    return [name for name in PUBLISHED.get(published or "", {}) if name]
