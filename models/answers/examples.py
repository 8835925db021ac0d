"""What every answer model is trained from, and what a training gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.training import NotTrainableError
from models.training import Report as Report
from models.training import Trained as Trained
from models.word_inputs import WordVectors

Preset = Literal["paper", "released_code"]
Flaw = Literal["slot_bias", "batch_r1", "batch_r2"]


@dataclass(frozen=True)
class Pairs:
    """Labelled pairs of texts.

    Attributes:
        questions: Text of each pair's question.
        texts: Text of each pair's answer or sentence.
        labels: 1 or 0.
        grades: How well the text answers, in [0, 1]; empty where only labels are known.
    """

    questions: Sequence[str]
    texts: Sequence[str]
    labels: Sequence[int]
    grades: Sequence[float] = ()

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def targets(self) -> np.ndarray:
        """The grades, or the labels where there are none, float32 [n]."""
        return np.array(self.grades or self.labels, dtype=np.float32)

    def first(self, n_pairs: int) -> "Pairs":
        """The first pairs; all, where there are fewer."""
        return Pairs(
            self.questions[:n_pairs],
            self.texts[:n_pairs],
            self.labels[:n_pairs],
            self.grades[:n_pairs],
        )


@dataclass(frozen=True)
class Examples:
    """Everything a method may learn from.

    Attributes:
        qa: Questions with community answers (S^qa), the negatives of other products
            as the paper draws them; may be empty.
        qa_of_product: The same with the negatives of the same product, which tell
            what answers a question from what is about the product; may be empty.
        qr: Questions with labelled sentences (S^qr), to train on.
        validation: Labelled pairs of other questions, to choose by.
        words: Word vectors.
    """

    qa: Pairs
    qa_of_product: Pairs
    qr: Pairs
    validation: Pairs
    words: WordVectors

    def check(self) -> None:
        """Both classes must be there.

        Raises:
            NotTrainableError: Training or validation pairs hold one class alone.
        """
        for name, pairs in (("training", self.qr), ("validation", self.validation)):
            if len(set(pairs.labels)) < 2:
                found = sorted(set(pairs.labels))
                raise NotTrainableError(
                    f"{len(pairs)} {name} pairs hold labels {found},"
                    " expected both 0 and 1: give more labelled questions"
                )


@dataclass(frozen=True)
class Recipe:
    """Everything of a training that changes its result; a method takes what it needs.

    Attributes:
        seed: Of weights, sampling and dropout.
        preset: Of QAR-net: the paper's equations, or what the authors' code does.
        released_flaws: What that preset keeps of the code's own flaws.
        batch_size: Pairs of a batch.
        pretrain_epochs: Candidates, in epochs of the QA pairs; 0 is none.
        learning_rate: Of the pre-training.
        fine_tune_learning_rate: Of the fine-tuning.
        max_epochs: Of the fine-tuning.
        patience: Epochs without a better validation F1.
        max_seconds: Of each fine-tuning.
        max_tokens: Tokens kept of a text.
        hidden_size: u, GRU units per direction.
        attention_size: k, hidden units of the self-attention.
        character_size: Width of the character vector; 0 leaves it out.
        dropout: Share of the encoders' outputs.
        mu: Weight of R1.
        eta: Weight of R2.
        n_filters: Of a CNN's encoder.
        filter_width: Words a filter of a CNN sees.
        fused_size: Hidden units of the fully connected layer of CQA-hard.
        soft_size: Hidden units of NLP-soft.
        soft_weights: Candidates for the weight of NLP-soft's L2 tie.
        encoder: Folder or hub id of a pretrained encoder; None: the packaged MiniLM.
        encoder_learning_rate: Of a pretrained encoder's weights.
        encoder_batch_size: Pairs of a batch of such a training.
        encoder_epochs: Of a pretrained encoder's training, at most.
        encoder_qa_pairs: QA pairs that an encoder is first trained on, at most.
        cross_trained_layers: Upper layers that a cross-encoder trains; None: it trains
            all and the embeddings.
        cross_precision: fp32 or bf16, in which its layers multiply while it is trained
            and until it is saved.
        late_size: Width of LateQAR's own layers.
        late_dropout: In LateQAR's own layers.
        late_trained_layers: Upper layers of the encoder that LateQAR trains.
    """

    seed: int
    preset: Preset
    released_flaws: tuple[Flaw, ...]
    batch_size: int
    pretrain_epochs: tuple[float, ...]
    learning_rate: float
    fine_tune_learning_rate: float
    max_epochs: int
    patience: int
    max_seconds: float
    max_tokens: int
    hidden_size: int
    attention_size: int
    character_size: int
    dropout: float
    mu: float
    eta: float
    n_filters: int
    filter_width: int
    fused_size: int
    soft_size: int
    soft_weights: tuple[float, ...]
    encoder: str | None
    encoder_learning_rate: float
    encoder_batch_size: int
    encoder_epochs: int
    encoder_qa_pairs: int
    cross_trained_layers: int | None
    cross_precision: str
    late_size: int
    late_dropout: float
    late_trained_layers: int
