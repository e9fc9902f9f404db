"""CoDi's denoiser: diffusers' U-Net with a slip of the authors' code, and two ways to run it faster."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable

import torch

from see2sound_nb._torchvision import ensure_torchvision

ensure_torchvision()
from diffusers import ModelMixin, UNet2DConditionModel  # noqa: E402, F401  (it looks for ModelMixin in this module)


class CoDiUNet(UNet2DConditionModel):
    """``UNet2DConditionModel`` whose first up block sees the middle features twice.

    The authors' joint U-Net keeps a list of feature maps on its stack of skips and then overwrites the entry of that
    list with the middle block's output. So its first up block is given cat(middle, middle) in place of
    cat(middle, last skip). The published weights were made with that code, and need it.
    Source: ``UNetModelCoDi.forward`` of the authors' code.
    """

    # diffusers reads the settings off the signature
    @functools.wraps(UNet2DConditionModel.__init__)  # type: ignore[misc]
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.up_blocks[0].register_forward_pre_hook(_overwrite_last_skip, with_kwargs=True)


def _overwrite_last_skip(block, args, kwargs):
    skips = kwargs["res_hidden_states_tuple"]
    return args, {**kwargs, "res_hidden_states_tuple": (*skips[:-1], kwargs["hidden_states"])}


class OneTokenAttention:
    """Cross-attention to a single token: a softmax over one key is 1, so the output is the same at every position.

    What remains of softmax(q k^T) v is ``to_out(to_v(token))``, (N, 1, C), which broadcasts over the positions;
    queries and keys are never computed.
    """

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, attention_mask=None, **_) -> torch.Tensor:
        """The output of a cross-attention layer.

        Parameters
        ----------
        attn : diffusers.models.attention_processor.Attention
            The layer.
        hidden_states : torch.Tensor
            (N, positions, C) float.
        encoder_hidden_states : torch.Tensor
            (N, 1, D) float, the token.

        Returns
        -------
        torch.Tensor
            (N, 1, C) float.

        Raises
        ------
        ValueError
            If there is not exactly one token.
        """
        if encoder_hidden_states is None or encoder_hidden_states.shape[1] != 1:
            shape = None if encoder_hidden_states is None else tuple(encoder_hidden_states.shape)
            raise ValueError(
                f"the context's shape is {shape}; CoDi is told by exactly one token, (N, 1, D): "
                "give the U-Net diffusers' AttnProcessor2_0 to use more"
            )
        return attn.to_out[0](attn.to_v(encoder_hidden_states))


def fold_cross_attention(unet: torch.nn.Module) -> None:
    """Give every cross-attention layer of a U-Net `OneTokenAttention`; its self-attention stays as it is."""
    processors = unet.attn_processors
    cross = {name: OneTokenAttention() for name in processors if ".attn2." in name}
    unet.set_attn_processor({**processors, **cross})


@torch.no_grad()
def capture(unet: torch.nn.Module, *inputs: torch.Tensor) -> Callable[..., torch.Tensor]:
    """The U-Net as a CUDA graph for inputs of one shape.

    A step starts about a thousand kernels. At the batches of a photo most of them take less time than Python needs
    to start the next one; a graph starts them all at once.

    Parameters
    ----------
    unet : diffusers.UNet2DConditionModel
        On a CUDA device. While the graph is used its weights must stay where they are.
    *inputs : torch.Tensor
        Sample (N, 8, frames, bands), time step () and token (N, 1, D), all on that device.

    Returns
    -------
    callable
        Takes inputs of the same shapes and types, returns the predicted noise, of the sample's shape and type.
    """
    static = tuple(x.clone() for x in inputs)
    with torch.cuda.device(static[0].device):
        before = torch.cuda.current_stream()
        aside = torch.cuda.Stream()
        aside.wait_stream(before)
        with torch.cuda.stream(aside):  # libraries choose their kernels and take their memory before the capture
            unet(*static)
        before.wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(graph, stream=aside):
                output = unet(*static).sample
        except RuntimeError as error:
            torch.cuda.set_stream(before)  # a capture that fails may leave its own behind
            torch.cuda.synchronize()
            warnings.warn(f"the U-Net runs without a CUDA graph, which is slower ({error})", stacklevel=2)
            return lambda *given: unet(*given).sample

    def replay(*given: torch.Tensor) -> torch.Tensor:
        for kept, new in zip(static, given, strict=True):
            kept.copy_(new)
        graph.replay()
        return output.clone()

    return replay


def runs_itself(unet: torch.nn.Module) -> bool:
    """Whether nothing else decides how a U-Net runs: no offloading, no compiler, no autocast."""
    hooked = any(hasattr(m, "_hf_hook") or hasattr(m, "_diffusers_hook") for m in unet.modules())
    compiled = hasattr(unet, "_orig_mod") or any(m._compiled_call_impl is not None for m in unet.modules())
    return not (hooked or compiled or torch.is_autocast_enabled("cuda"))
