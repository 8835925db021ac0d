"""A device that computes on the CPU and complains as a GPU does.

A tensor of it among tensors of the CPU is an error, but for a single number and an
index into it, which a GPU takes; and its content is not there for numpy. Unlike a GPU
it computes in fp32 whatever autocast says.
"""

import contextlib
import functools
import sys

import torch
from torch.library import Library
from torch.overrides import TorchFunctionMode
from torch.utils import backend_registration
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

from models import answers, attributes, passages
from models.checkpoint import method_of

NAME = "pretended"
# A GPU copies tensors of the CPU, and takes sizes that stay there.
_MAY_MIX = ("aten.copy_", "aten._to_copy", "aten._pack_padded_sequence")
_BY_INDEX = ("aten.index.", "aten.index_put")  # the second argument are the indices
_RECURRENT = ("rnn_tanh", "gru", "lstm")


class _Backend(backend_registration._DummyBackendModule):
    def get_amp_supported_dtype(self):
        return [torch.bfloat16, torch.float16]

    def get_rng_state(self, device):
        return torch.empty(0, dtype=torch.uint8)  # draws are the CPU's

    def set_rng_state(self, state, device):
        pass


class _Tensor(torch.Tensor):
    """Says that it is elsewhere; `inner` is its content on the CPU."""

    @staticmethod
    def __new__(cls, inner):
        return torch.Tensor._make_wrapper_subclass(
            cls,
            inner.shape,
            strides=inner.stride(),
            storage_offset=inner.storage_offset(),
            dtype=inner.dtype,
            device=torch.device(NAME, 0),
        )

    def __init__(self, inner):
        self.inner = inner

    __torch_function__ = torch._C._disabled_torch_function_impl
    is_cuda = True

    @classmethod
    def __torch_dispatch__(cls, work, types, args=(), kwargs=None):
        return _done(work, args, kwargs or {})


class _Device(TorchDispatchMode):
    """Sees what is made on the device or moved to it."""

    def __torch_dispatch__(self, work, types, args=(), kwargs=None):
        return _done(work, args, kwargs or {})


class _Calls(TorchFunctionMode):
    """What torch does out of sight of `_Device`, done another way.

    It makes a tensor of a list in the device's memory, and a list of a tensor; and
    a recurrent layer transposes its output in place.
    """

    def __torch_function__(self, work, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if work in (torch.tensor, torch.as_tensor):
            device = kwargs.pop("device", "cpu")
            return work(*args, **kwargs).to(device)
        if work is torch.Tensor.tolist:
            args = [one.cpu() for one in args]
        if work is torch.Tensor.__getitem__:
            args = args[0], _as_tensors(args[1], args[0].device)
        if getattr(work, "__name__", "") in _RECURRENT and args[3] is True:
            *args, is_batch_first = args  # the texts are not packed
            if is_batch_first:
                states, *last = work(args[0].transpose(0, 1), *args[1:], False)
                return states.transpose(0, 1), *last
            return work(*args, False)
        return work(*args, **kwargs)


def _as_tensors(index, device):
    if isinstance(index, tuple):
        return tuple(_as_tensors(one, device) for one in index)
    return torch.tensor(index).to(device) if isinstance(index, list) else index


def _done(work, args, kwargs):
    here = [one for one in tree_flatten((args, kwargs))[0] if isinstance(one, _Tensor)]
    if here and not str(work).startswith(_MAY_MIX):
        is_indexed = str(work).startswith(_BY_INDEX)
        checked = (args[0], *args[2:]) if is_indexed else (args, kwargs)
        for one in tree_flatten(checked)[0]:
            if isinstance(one, torch.Tensor) and not isinstance(one, _Tensor):
                assert one.dim() == 0, f"{work}: {tuple(one.shape)} is on the CPU"
    wanted = kwargs.get("device")
    is_here = bool(here) if wanted is None else torch.device(wanted).type == NAME
    if wanted is not None:
        kwargs = {**kwargs, "device": torch.device("cpu")}
    args, kwargs = tree_map(
        lambda one: one.inner if isinstance(one, _Tensor) else one, (args, kwargs)
    )
    found = work(*args, **kwargs)
    known = {id(one.inner): one for one in here}

    def placed(one):
        if not is_here or not isinstance(one, torch.Tensor):
            return one
        same = known.get(id(one))  # in place
        return _Tensor(one) if same is None else same

    if work is torch.ops.aten._pack_padded_sequence.default:
        return placed(found[0]), found[1]
    return tree_map(placed, found)


def _lstm_cell(from_input, from_state, cell, input_bias=None, state_bias=None):
    """As a GPU has it in one piece."""
    gates = from_input + from_state
    if input_bias is not None:
        gates = gates + input_bias + state_bias
    taken, kept, new, told = gates.chunk(4, dim=1)
    cell = kept.sigmoid() * cell + taken.sigmoid() * new.tanh()
    return told.sigmoid() * cell.tanh(), cell, gates


def _gru_cell(from_input, from_state, state, input_bias=None, state_bias=None):
    if input_bias is not None:
        from_input, from_state = from_input + input_bias, from_state + state_bias
    reset, update, new = from_input.chunk(3, dim=1)
    own_reset, own_update, own_new = from_state.chunk(3, dim=1)
    reset, update = (reset + own_reset).sigmoid(), (update + own_update).sigmoid()
    new = (new + reset * own_new).tanh()
    return new + update * (state - new), from_input


@functools.cache
def register():
    """Tell torch of the device: before the first gradients, which count the devices."""
    backend_registration._setup_privateuseone_for_python_backend(NAME, _Backend())
    library = Library("aten", "IMPL")
    for name, cell in (("lstm", _lstm_cell), ("gru", _gru_cell)):
        library.impl(f"_thnn_fused_{name}_cell", cell, "AutogradPrivateUse1")
    others = Library("_", "IMPL")  # its autocast casts nothing
    others.fallback(torch.library.fallthrough_kernel, "AutocastPrivateUse1")
    return library, others  # what is registered ends with them


def _enter(context):
    context.gradients = torch.is_grad_enabled()
    torch.set_grad_enabled(not context.mode)


def _exit(context, *error):
    torch.set_grad_enabled(context.gradients)


class trained_there:  # noqa: N801 - read as a phrase
    """In this context trainings and models are on the pretended device."""

    def __init__(self, monkeypatch):
        self._monkeypatch = monkeypatch

    def __enter__(self):
        register()
        where = torch.device(NAME, 0)
        for package in (answers, attributes, passages):
            for name in package.METHODS:  # before what they import is changed
                method_of(package.__name__, name)
        for name, module in list(sys.modules.items()):
            if name.startswith("models.") and hasattr(module, "training_device"):
                self._monkeypatch.setattr(module, "training_device", lambda: where)
        # Its tensors can't be without the counter of their changes.
        self._monkeypatch.setattr(torch.inference_mode, "__enter__", _enter)
        self._monkeypatch.setattr(torch.inference_mode, "__exit__", _exit)
        # Parameters of another kind of tensor can't be changed in place.
        torch.__future__.set_overwrite_module_params_on_conversion(True)
        self._modes = contextlib.ExitStack()
        self._modes.enter_context(_Calls())
        self._modes.enter_context(_Device())
        return str(where)

    def __exit__(self, *error):
        self._modes.close()
        torch.__future__.set_overwrite_module_params_on_conversion(False)
