"""What is particular about CoDi's denoiser, put onto diffusers' ``UNet2DConditionModel`` from outside."""

from __future__ import annotations

import warnings

import torch


def reuse_middle_features(unet: torch.nn.Module) -> torch.utils.hooks.RemovableHandle:
    """Feed the first up block the middle block's features in place of the last skip connection.

    The authors' joint U-Net keeps a list of feature maps on its stack of skips and then overwrites the entry of that
    list with the middle block's output, so that its first up block sees cat(middle, middle). The published weights
    were made with that code, so they need it.
    Source: ``UNetModelCoDi.forward`` of the authors' code.

    Parameters
    ----------
    unet : diffusers.UNet2DConditionModel
        Changed in place.

    Returns
    -------
    torch.utils.hooks.RemovableHandle
        ``remove()`` undoes it.
    """

    def overwrite_last_skip(block, args, kwargs):
        skips = kwargs["res_hidden_states_tuple"]
        return args, {**kwargs, "res_hidden_states_tuple": (*skips[:-1], kwargs["hidden_states"])}

    return unet.up_blocks[0].register_forward_pre_hook(overwrite_last_skip, with_kwargs=True)


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


class GraphedUNet:
    """The U-Net as CUDA graphs, one for each shape of its input.

    A step starts about a thousand kernels. At the batches of a photo most of them take less time than Python needs
    to start the next one; a graph starts them all at once.

    Parameters
    ----------
    unet : diffusers.UNet2DConditionModel
        On a CUDA device. Its weights must stay where they are.
    """

    def __init__(self, unet: torch.nn.Module):
        self.unet = unet
        self._captured: dict = {}

    def __call__(self, sample: torch.Tensor, timestep: torch.Tensor, token: torch.Tensor) -> torch.Tensor:
        """The predicted noise, as from the U-Net; valid until the next call.

        Parameters
        ----------
        sample : torch.Tensor
            (N, 8, frames, bands) float16, bfloat16 or float32.
        timestep : torch.Tensor
            () int64 or float32.
        token : torch.Tensor
            (N, 1, D), of the sample's type.

        Returns
        -------
        torch.Tensor
            As ``sample``.
        """
        given = (sample, timestep.to(sample.device), token)
        weight = next(self.unet.parameters())
        key = (weight.data_ptr(), weight.dtype, *((tuple(x.shape), x.dtype) for x in given))
        if key not in self._captured:
            self._captured = {}  # the memory of one shape at a time is enough
            self._captured[key] = self._capture(given)
        inputs, graph, output = self._captured[key]
        if graph is None:
            return self.unet(*given).sample
        for static, new in zip(inputs, given, strict=True):
            static.copy_(new)
        graph.replay()
        return output

    def _capture(self, given):
        inputs = tuple(x.clone() for x in given)
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):  # libraries choose their kernels and take their memory before the capture
            for _ in range(3):
                self.unet(*inputs)
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(graph):
                output = self.unet(*inputs).sample
        except RuntimeError as error:
            warnings.warn(f"the U-Net runs without a CUDA graph, which is slower ({error})", stacklevel=2)
            return inputs, None, None
        return inputs, graph, output
