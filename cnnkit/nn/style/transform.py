"""The network that paints a whole picture in one pass: small, and in the manner of Johnson et al."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from cnnkit.nn.names import require_known, require_whole
from cnnkit.nn.style.filters import PADDINGS

__all__ = ["TransformNetwork"]


class TransformNetwork(nn.Module):
    """A network from picture to picture: two halvings, residual blocks, two doublings.

    Instance normalisation after every convolution but the last, so that each picture is normalised by
    itself, whatever its contrast; it has no pooling. It is a plain module and no cnnkit Network: a
    description there is a chain, and this has sums beside the chain, and a normalisation of each picture
    that no ledger of the course counts.

    Parameters
    ----------
    channels : (int, int, int)
        At full, half and quarter size.
    blocks : int
        Residual blocks at a quarter of the size.
    kernel_size : int, odd
        Of the first and the last convolution; all others are 3 × 3.
    padding : "reflect" or "zeros"
        What stands around the maps, in every convolution: the maps mirrored, or zeros, whose ring grows
        with every pass.

    Notes
    -----
    Source: J. Johnson, A. Alahi, L. Fei-Fei, Perceptual Losses for Real-Time Style Transfer and
    Super-Resolution (2016), arXiv:1603.08155, which has 32, 64, 128 channels, five blocks and 9 × 9 at the
    ends. Instance norm: Ulyanov et al. (2016), arXiv:1607.08022. Doubling by repeating pixels before a
    convolution, in place of a transposed one: Odena et al. (2016), distill.pub/2016/deconv-checkerboard.

    Examples
    --------
    >>> model = TransformNetwork()
    >>> sum(weight.numel() for weight in model.parameters())
    60483
    >>> model(torch.rand(1, 3, 50, 70)).shape
    torch.Size([1, 3, 50, 70])
    """

    def __init__(
        self,
        channels: tuple[int, int, int] = (16, 24, 32),
        blocks: int = 2,
        kernel_size: int = 5,
        padding: str = "reflect",
    ) -> None:
        super().__init__()
        require_known("TransformNetwork", "padding", padding, PADDINGS)
        require_whole("TransformNetwork", "blocks", blocks, 0)
        self.padding = padding
        full, half, quarter = channels
        self.first = _Convolution(3, full, kernel_size, padding)
        self.down = nn.Sequential(
            _Convolution(full, half, 3, padding, stride=2), _Convolution(half, quarter, 3, padding, stride=2)
        )
        self.blocks = nn.Sequential(*(_Residual(quarter, padding) for _ in range(blocks)))
        self.up = nn.Sequential(
            nn.Upsample(scale_factor=2),
            _Convolution(quarter, half, 3, padding),
            nn.Upsample(scale_factor=2),
            _Convolution(half, full, 3, padding),
        )
        self.last = _Convolution(full, 3, kernel_size, padding, plain=True)

    def forward(self, image: Tensor) -> Tensor:
        """(N, 3, H, W) to (N, 3, H, W), both 0 to 1."""
        height, width = image.shape[-2:]
        x = self.first(2 * image - 1)
        x = self.up(self.blocks(self.down(x)))
        x = x[..., :height, :width]  # odd sizes come back a little larger
        y: Tensor = (torch.tanh(self.last(x)) + 1) / 2
        return y


class _Convolution(nn.Module):
    """Convolution, instance normalisation, ReLU; or, plain, the convolution alone."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        padding: str,
        stride: int = 1,
        plain: bool = False,
        relu: bool = True,
    ) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            kernel_size // 2,
            padding_mode=padding,  # type: ignore[arg-type]
            bias=plain,  # the normalisation would take it away again
        )
        self.norm = nn.Identity() if plain else nn.InstanceNorm2d(out_channels, affine=True)
        self.relu = relu and not plain

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.convolution(x))
        return functional.relu(x) if self.relu else x


class _Residual(nn.Module):
    """Two convolutions whose result is added to what they were given."""

    def __init__(self, channels: int, padding: str) -> None:
        super().__init__()
        self.first = _Convolution(channels, channels, 3, padding)
        self.second = _Convolution(channels, channels, 3, padding, relu=False)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x + self.second(self.first(x))
        return y
