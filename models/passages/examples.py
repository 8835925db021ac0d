"""What every passage model is trained from, and what a training gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from models.training import NotTrainableError
from models.training import Report as Report
from models.training import Trained as Trained

Side = Literal["question", "passage"]


@dataclass(frozen=True)
class Matches:
    """Questions and a passage that answers each, one behind the other.

    Attributes:
        questions: [n]; the same question may stand here several times.
        passages: [n].
    """

    questions: Sequence[str]
    passages: Sequence[str]

    def __len__(self) -> int:
        return len(self.questions)


@dataclass(frozen=True)
class Pool:
    """Questions with the candidates that they are ranked among.

    Attributes:
        questions: Distinct, [n].
        right: Places of each question's right candidates, at least one.
        candidates: Distinct, [m].
    """

    questions: Sequence[str]
    right: Sequence[Sequence[int]]
    candidates: Sequence[str]

    def __len__(self) -> int:
        return len(self.questions)


@dataclass(frozen=True)
class Examples:
    """Everything a method may learn from; one that learns nothing needs none.

    Attributes:
        training: To train on.
        validation: Of other questions, to choose by.
    """

    training: Matches
    validation: Pool

    def check(self) -> None:
        """Both parts must hold a question.

        Raises:
            NotTrainableError: One of them holds none.
        """
        for name, part in (
            ("training", self.training),
            ("validation", self.validation),
        ):
            if not len(part):
                raise NotTrainableError(
                    f"no {name} question, expected some: give more labelled questions"
                )


@dataclass(frozen=True)
class Recipe:
    """Everything of a training that changes its result; a method takes what it needs.

    Attributes:
        seed: Of weights, order and dropout.
        encoder: Folder or hub id of a pretrained encoder; None: the packaged MiniLM.
        max_question_tokens: Word pieces of a question, [CLS] and [SEP] with them.
        max_passage_tokens: Word pieces of a passage, likewise.
        is_two_tower: Whether questions and passages have an encoder each.
        n_hops: R of the multi-hop self-attention.
        hop_size: Its hidden units; None: the encoder's width.
        learning_rate: Of a pretrained encoder; it falls linearly to zero.
        batch_size: Matches of a batch: the others are a question's negatives.
        max_epochs: Of a pretrained encoder.
        tuned_epochs: Of the fine-tuned cosine, in place of `max_epochs`.
        small_learning_rate: Of RNN, GRU, LSTM, Transformer and the VAEs; it stays.
        small_batch_size: Their matches.
        small_epochs: Of them.
        patience: Epochs without a better recall at 1 on validation.
        max_seconds: After which to stop, at the end of an epoch.
        dropout: Of an encoder while it is trained.
        precision: fp32 or bf16, in which a pretrained encoder's layers multiply then.
        duplicates: What becomes of another match of a batch with the same passage or
            question: literal, it counts as a negative; masked, not at all.
        alpha_dual: Weight of L_dual.
        alpha_cross: Weight of L_cross.
        alpha_alignment: Weight of L_ga.
        alpha_between: Weight of L_{a|q} and of L_{q|a} after the ramp.
        alpha_within: Weight of L_{q|q} and of L_{a|a} after the ramp.
        terms: Of the alignment's four, those that are not left out.
        ramp_epochs: In which both rise from 0.
        kernel: inner or gauss.
        width_cross: sigma of the Gaussian kernel over the teacher's vectors.
        width_dual: sigma of it over the student's.
        is_diagonal_masked: Whether a text is no neighbour of itself.
        is_teacher_taught: Whether the alignment trains the teacher too.
        is_clip_shared: Whether the gradients of both models are clipped by one norm.
        is_cross_shared: Whether both sides have one cross-attention.
        cross_gain: What the gain of the teacher's layer norms starts with; 1, as they
            come, gives its vectors of R hops a squared length of up to R d.
        n_heads: Of the cross-attention.
        latent_size: Of z in the VAEs.
        alpha_rebuilt: Weight of the VAEs' reconstruction.
        beta_divergence: Weight of their KL after the ramp.
        gamma_match: Weight of their matching.
        sentence_size: Units of InferSent's LSTM in each direction.
        sentence_weights: safetensors file with published weights of InferSent; None:
            it is trained.
        sentence_vectors: File of word vectors in GloVe's format that they are for.
        n_negatives: Of the interaction model, for each match and epoch.
    """

    seed: int
    encoder: str | None
    max_question_tokens: int
    max_passage_tokens: int
    is_two_tower: bool
    n_hops: int
    hop_size: int | None
    learning_rate: float
    batch_size: int
    max_epochs: int
    tuned_epochs: int
    small_learning_rate: float
    small_batch_size: int
    small_epochs: int
    patience: int
    max_seconds: float
    dropout: float
    precision: str
    duplicates: Literal["literal", "masked"]
    alpha_dual: float
    alpha_cross: float
    alpha_alignment: float
    alpha_between: float
    alpha_within: float
    terms: tuple[str, ...]
    ramp_epochs: float
    kernel: Literal["inner", "gauss"]
    width_cross: float
    width_dual: float
    is_diagonal_masked: bool
    is_teacher_taught: bool
    is_clip_shared: bool
    is_cross_shared: bool
    cross_gain: float
    n_heads: int
    latent_size: int
    alpha_rebuilt: float
    beta_divergence: float
    gamma_match: float
    sentence_size: int
    sentence_weights: str | None
    sentence_vectors: str | None
    n_negatives: int
