"""Ten further architectures in small: what publications are made of and the other models leave out."""

from __future__ import annotations

import torch
from exported_models import Made
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["MORE"]


class ChannelNorm(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        return functional.layer_norm(x.permute(0, 2, 3, 1), (x.shape[1],), self.weight, self.bias).permute(0, 3, 1, 2)


class Wide(nn.Module):
    """A block of ConvNeXt."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.dw, self.norm = nn.Conv2d(width, width, 7, padding=3, groups=width), nn.LayerNorm(width)
        self.up, self.act, self.down = nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        self.gamma = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        y = self.down(self.act(self.up(self.norm(self.dw(x).permute(0, 2, 3, 1)))))
        return x + (self.gamma * y).permute(0, 3, 1, 2)


class ConvNext(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 4, 4), ChannelNorm(8))
        self.first, self.second = nn.Sequential(Wide(8), Wide(8)), Wide(12)
        self.smaller = nn.Sequential(ChannelNorm(8), nn.Conv2d(8, 12, 2, 2))
        self.norm, self.head = nn.LayerNorm(12), nn.Linear(12, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.second(self.smaller(self.first(self.stem(x))))
        return self.head(self.norm(x.mean((2, 3))))


class Decoder(nn.Module):
    """Attention to what came before and to a memory."""

    def __init__(self) -> None:
        super().__init__()
        self.emb, self.memory = nn.Embedding(50, 16), nn.Linear(8, 16)
        self.dec = nn.TransformerDecoder(nn.TransformerDecoderLayer(16, 4, 32, batch_first=True), 2)
        self.out = nn.Linear(16, 50)

    def forward(self, x: Tensor) -> Tensor:
        memory = self.memory(x.unsqueeze(-1).expand(-1, -1, 8).float())
        return self.out(self.dec(self.emb(x), memory))


class Generator(nn.Module):
    """Transposed convolutions: with groups, with dilation, with padding of the output."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.ConvTranspose2d(8, 16, 4, 1, 0, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.ConvTranspose2d(16, 8, 4, 2, 1, groups=4),
            nn.ConvTranspose2d(8, 3, 3, 2, 1, output_padding=1, dilation=2),
            nn.Tanh(),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class Recurrences(nn.Module):
    """Both directions, projections, and all three kinds of cells."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(8, 16, 2, batch_first=True, bidirectional=True, proj_size=6)
        self.gru, self.rnn, self.head = nn.GRU(12, 10), nn.RNN(10, 5), nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rnn(self.gru(self.lstm(x)[0])[0])[0][:, -1])


class Squeezed(nn.Module):
    """A block of EfficientNet."""

    def __init__(self, channels: int, out: int, stride: int, kernel: int) -> None:
        super().__init__()
        inner = channels * 4
        self.expand, self.norm0 = nn.Conv2d(channels, inner, 1, bias=False), nn.BatchNorm2d(inner)
        self.depth = nn.Conv2d(inner, inner, kernel, stride, kernel // 2, groups=inner, bias=False)
        self.norm1, self.squeeze, self.excite = nn.BatchNorm2d(inner), nn.Conv2d(inner, 4, 1), nn.Conv2d(4, inner, 1)
        self.project, self.norm2 = nn.Conv2d(inner, out, 1, bias=False), nn.BatchNorm2d(out)

    def forward(self, x: Tensor) -> Tensor:
        y = functional.silu(self.norm1(self.depth(functional.silu(self.norm0(self.expand(x))))))
        y = y * torch.sigmoid(self.excite(functional.silu(self.squeeze(y.mean((2, 3), keepdim=True)))))
        y = self.norm2(self.project(y))
        return x + y if x.shape == y.shape else y


class Efficient(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.head = nn.Conv2d(3, 4, 3, 2, 1), nn.Linear(8, 5)
        self.blocks = nn.Sequential(Squeezed(4, 4, 1, 3), Squeezed(4, 8, 2, 5), Squeezed(8, 8, 1, 5))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(functional.adaptive_avg_pool2d(self.blocks(self.stem(x)), 1).flatten(1))


class Attentive(nn.Module):
    """A U-Net with attention at its bottom, as those that take noise away have it."""

    def __init__(self) -> None:
        super().__init__()
        self.down1, self.down2, self.middle = self.twice(1, 4), self.twice(4, 8), self.twice(8, 16)
        self.attention = nn.MultiheadAttention(16, 4, batch_first=True)
        self.up2, self.join2 = nn.ConvTranspose2d(16, 8, 2, 2), self.twice(16, 8)
        self.up1, self.join1, self.out = nn.ConvTranspose2d(8, 4, 2, 2), self.twice(8, 4), nn.Conv2d(4, 2, 1)

    @staticmethod
    def twice(channels: int, out: int) -> nn.Sequential:
        first = nn.Conv2d(channels, out, 3, padding=1), nn.GroupNorm(4, out), nn.SiLU()
        return nn.Sequential(*first, nn.Conv2d(out, out, 3, padding=1), nn.GroupNorm(4, out), nn.SiLU())

    def forward(self, x: Tensor) -> Tensor:
        first = self.down1(x)
        second = self.down2(functional.max_pool2d(first, 2))
        middle = self.middle(functional.max_pool2d(second, 2))
        tokens = middle.flatten(2).transpose(1, 2)
        tokens, _ = self.attention(tokens, tokens, tokens, need_weights=False)
        middle = middle + tokens.transpose(1, 2).reshape(middle.shape)
        y = self.join2(torch.cat([self.up2(middle), second], 1))
        return self.out(self.join1(torch.cat([self.up1(y), first], 1)))


class Upscaler(nn.Module):
    """Channels become pixels; borders are reflected."""

    def __init__(self) -> None:
        super().__init__()
        self.wide, self.dilated = nn.Conv2d(3, 8, 5, padding=2), nn.Conv2d(8, 12, 3, padding="same", dilation=2)
        self.shuffle, self.last = nn.PixelShuffle(2), nn.Conv2d(3, 3, 3, padding=1, padding_mode="reflect")

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.shuffle(self.dilated(functional.leaky_relu(self.wide(x)))))


class Letters(nn.Module):
    """A sum by letters over a batch."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.pieces = nn.Linear(4, 6), nn.Parameter(torch.randn(6, 7, 3))

    def forward(self, x: Tensor) -> Tensor:
        return torch.einsum("bi,ijk->bjk", self.first(x), self.pieces)


class Windows(nn.Module):
    """Attention within windows that are shifted, with biases of places."""

    def __init__(self) -> None:
        super().__init__()
        self.patches, self.norm = nn.Conv2d(3, 16, 2, 2), nn.LayerNorm(16)
        self.qkv, self.out, self.head = nn.Linear(16, 48), nn.Linear(16, 16), nn.Linear(16, 4)
        self.places = nn.Parameter(torch.zeros(2, 16, 16))

    def forward(self, x: Tensor) -> Tensor:
        x = torch.roll(self.patches(x), (-2, -2), (2, 3))
        count, channels, height, width = x.shape
        x = x.view(count, channels, height // 4, 4, width // 4, 4).permute(0, 2, 4, 3, 5, 1).reshape(-1, 16, channels)
        q, k, v = self.qkv(self.norm(x)).reshape(-1, 16, 3, 2, 8).permute(2, 0, 3, 1, 4)
        weights = ((q @ k.transpose(-2, -1)) * 8**-0.5 + self.places).softmax(-1)
        return self.head((x + self.out((weights @ v).transpose(1, 2).reshape(-1, 16, channels))).mean(1))


class Waves(nn.Module):
    """Convolutions along one axis and along three."""

    def __init__(self) -> None:
        super().__init__()
        ends = nn.Conv1d(8, 8, 3, 2, groups=2), nn.ConvTranspose1d(8, 4, 4, 2, 1)
        self.line = nn.Sequential(nn.Conv1d(1, 8, 10, 5), nn.GELU(), *ends)
        self.volume, self.larger = nn.Conv3d(1, 2, (1, 3, 3), padding=(0, 1, 1)), nn.ConvTranspose3d(2, 1, 2, 2)

    def forward(self, x: Tensor) -> Tensor:
        y = self.line(x)
        return self.larger(self.volume(y.reshape(y.shape[0], 1, 1, 4, -1)))


MORE = {
    "convnext": Made(ConvNext, (2, 3, 32, 32)),
    "decoder": Made(Decoder, (2, 7), tokens=True),
    "generator": Made(Generator, (2, 8, 1, 1)),
    "recurrences": Made(Recurrences, (2, 9, 8)),
    "efficient": Made(Efficient, (2, 3, 16, 16)),
    "attentive": Made(Attentive, (2, 1, 16, 16)),
    "upscaler": Made(Upscaler, (1, 3, 8, 8)),
    "letters": Made(Letters, (3, 4)),
    "windows": Made(Windows, (2, 3, 16, 16)),
    "waves": Made(Waves, (2, 1, 200)),
}
