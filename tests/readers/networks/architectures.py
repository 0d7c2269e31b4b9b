"""Models of common architectures, small: PyTorch's layers under the names that are common for them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

__all__ = ["ARCHITECTURES"]


class BasicBlock(nn.Module):
    def __init__(self, into: int, out: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(into, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        if stride != 1 or into != out:
            self.downsample = nn.Sequential(nn.Conv2d(into, out, 1, stride, bias=False), nn.BatchNorm2d(out))


class Bottleneck(nn.Module):
    def __init__(self, into: int, width: int, out: int, groups: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(into, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, groups=groups, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out)
        if into != out:
            self.downsample = nn.Sequential(nn.Conv2d(into, out, 1, bias=False), nn.BatchNorm2d(out))


class ResNet(nn.Module):
    def __init__(self, groups: int = 0) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        if groups:
            self.layer1 = nn.Sequential(Bottleneck(16, 32, 64, groups), Bottleneck(64, 32, 64, groups))
            self.layer2 = nn.Sequential(Bottleneck(64, 64, 128, groups), Bottleneck(128, 64, 128, groups))
        else:
            self.layer1 = nn.Sequential(BasicBlock(16, 16), BasicBlock(16, 16))
            self.layer2 = nn.Sequential(BasicBlock(16, 128, 2), BasicBlock(128, 128))
        self.fc = nn.Linear(128, 10)


class VGG(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for into, out in ((1, 8), (8, 16), (16, 16)):
            layers += [nn.Conv2d(into, out, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Linear(16 * 9, 32), nn.ReLU(), nn.Dropout(), nn.Linear(32, 10))


class MobileNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(self._unit(3, 8, 3), *[self._inverted(8) for _ in range(2)])
        self.classifier = nn.Sequential(nn.Dropout(), nn.Linear(8, 4))

    def _unit(self, into: int, out: int, size: int, groups: int = 1) -> nn.Sequential:
        convolution = nn.Conv2d(into, out, size, padding=size // 2, groups=groups, bias=False)
        return nn.Sequential(convolution, nn.BatchNorm2d(out), nn.ReLU6())

    def _inverted(self, width: int) -> nn.Sequential:
        wide = width * 6
        return nn.Sequential(
            self._unit(width, wide, 1),
            self._unit(wide, wide, 3, wide),
            nn.Conv2d(wide, width, 1, bias=False),
            nn.BatchNorm2d(width),
        )


class UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inc = self._double(3, 8)
        self.down1 = self._double(8, 16)
        self.down2 = self._double(16, 32)
        self.up1 = nn.ConvTranspose2d(32, 16, 2, stride=2)
        self.conv1 = self._double(32, 16)
        self.up2 = nn.ConvTranspose2d(16, 8, 2, stride=2)
        self.conv2 = self._double(16, 8)
        self.outc = nn.Conv2d(8, 1, 1)

    def _double(self, into: int, out: int) -> nn.Sequential:
        return nn.Sequential(
            nn.Conv2d(into, out, 3, padding=1),
            nn.BatchNorm2d(out),
            nn.ReLU(),
            nn.Conv2d(out, out, 3, padding=1),
            nn.BatchNorm2d(out),
        )


class UNet3d(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.enc = nn.Sequential(nn.Conv3d(1, 8, 3, padding=1), nn.GroupNorm(4, 8), nn.PReLU())
        self.up = nn.ConvTranspose3d(8, 4, 2, 2)
        self.head = nn.Conv3d(4, 2, 1)


class Block(nn.Module):
    """Of a vision transformer as timm has it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attn = nn.Module()
        self.attn.qkv = nn.Linear(width, 3 * width)
        self.attn.proj = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Module()
        self.mlp.fc1 = nn.Linear(width, 4 * width)
        self.mlp.fc2 = nn.Linear(4 * width, width)


class ViT(nn.Module):
    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 17, width))
        self.patch_embed = nn.Module()
        self.patch_embed.proj = nn.Conv2d(3, width, 4, 4)
        self.blocks = nn.ModuleList([Block(width) for _ in range(3)])
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, 10)


class Bert(nn.Module):
    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.embeddings = nn.Module()
        self.embeddings.word_embeddings = nn.Embedding(100, width)
        self.embeddings.position_embeddings = nn.Embedding(32, width)
        self.embeddings.token_type_embeddings = nn.Embedding(2, width)
        self.embeddings.LayerNorm = nn.LayerNorm(width)
        layer = nn.Module()
        layer.attention = nn.Module()
        layer.attention.self = nn.Module()
        for name in ("query", "key", "value"):
            setattr(layer.attention.self, name, nn.Linear(width, width))
        layer.attention.output = nn.Module()
        layer.attention.output.dense = nn.Linear(width, width)
        layer.attention.output.LayerNorm = nn.LayerNorm(width)
        self.encoder = nn.Module()
        self.encoder.layer = nn.ModuleList([layer])
        self.pooler = nn.Module()
        self.pooler.dense = nn.Linear(width, width)


class Llama(nn.Module):
    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(64, width)
        layer = nn.Module()
        layer.self_attn = nn.Module()
        for name, out in (("q_proj", width), ("k_proj", 8), ("v_proj", 8), ("o_proj", width)):
            setattr(layer.self_attn, name, nn.Linear(width, out, bias=False))
        layer.mlp = nn.Module()
        layer.mlp.gate_proj = nn.Linear(width, 40, bias=False)
        layer.mlp.up_proj = nn.Linear(width, 40, bias=False)
        layer.mlp.down_proj = nn.Linear(40, width, bias=False)
        layer.input_layernorm = nn.RMSNorm(width)
        layer.post_attention_layernorm = nn.RMSNorm(width)
        self.layers = nn.ModuleList([layer])
        self.norm = nn.RMSNorm(width)
        self.lm_head = nn.Linear(width, 64, bias=False)


class Speech(nn.Module):
    """Convolutions along time, then a recurrent layer."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv1d(80, 32, 5), nn.BatchNorm1d(32), nn.ReLU(), nn.Conv1d(32, 32, 3))
        self.rnn = nn.LSTM(32, 24, num_layers=2, bidirectional=True, batch_first=True)
        self.decoder = nn.GRU(48, 20)
        self.out = nn.Linear(20, 30)


class Text(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(1000, 32, padding_idx=0)
        self.rnn = nn.RNN(32, 16, bias=False)
        self.cell = nn.LSTMCell(16, 12)
        self.fc = nn.Linear(12, 2)


class Gan(nn.Module):
    """Generator of DCGAN: transposed convolutions without a bias."""

    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Linear(20, 64 * 16)
        self.deconv1 = nn.ConvTranspose2d(64, 32, 4, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(32)
        self.deconv2 = nn.ConvTranspose2d(32, 16, 4, 2, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(16)
        self.deconv3 = nn.ConvTranspose2d(16, 3, 4, 2, 1, bias=False)


class Policy(nn.Module):
    """As Stable-Baselines3 names it."""

    def __init__(self) -> None:
        super().__init__()
        self.log_std = nn.Parameter(torch.zeros(2))
        self.mlp_extractor = nn.Module()
        self.mlp_extractor.policy_net = nn.Sequential(nn.Linear(8, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh())
        self.mlp_extractor.value_net = nn.Sequential(nn.Linear(8, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh())
        self.action_net = nn.Linear(64, 2)
        self.value_net = nn.Linear(64, 1)


class ConvNeXt(nn.Module):
    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, width, 4, 4), nn.LayerNorm(width))
        block = nn.Module()
        block.conv_dw = nn.Conv2d(width, width, 7, padding=3, groups=width)
        block.layer_norm = nn.LayerNorm(width)
        block.pwconv1 = nn.Linear(width, 4 * width)
        block.pwconv2 = nn.Linear(4 * width, width)
        block.gamma = nn.Parameter(torch.ones(width))
        self.blocks = nn.Sequential(block)
        self.head = nn.Linear(width, 5)


class Diffusion(nn.Module):
    """A block of a U-Net that takes noise away, under the names of diffusers."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(4, width, 3, padding=1)
        self.time_embedding = nn.Module()
        self.time_embedding.linear_1 = nn.Linear(width, 128)
        self.time_embedding.linear_2 = nn.Linear(128, 128)
        block = nn.Module()
        block.norm1 = nn.GroupNorm(8, width)
        block.conv1 = nn.Conv2d(width, 64, 3, padding=1)
        block.time_emb_proj = nn.Linear(128, 64)
        block.norm2 = nn.GroupNorm(8, 64)
        block.conv2 = nn.Conv2d(64, 64, 3, padding=1)
        block.conv_shortcut = nn.Conv2d(width, 64, 1)
        attention = nn.Module()
        attention.norm1 = nn.LayerNorm(64)
        attention.attn1 = nn.Module()
        for name in ("to_q", "to_k", "to_v"):
            setattr(attention.attn1, name, nn.Linear(64, 64, bias=False))
        self.resnets = nn.ModuleList([block])
        self.attentions = nn.ModuleList([attention])
        self.conv_norm_out = nn.GroupNorm(8, 64)
        self.conv_out = nn.Conv2d(64, 4, 3, padding=1)


class Detector(nn.Module):
    """Backbone, pyramid and heads, as torchvision names them."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Module()
        self.backbone.body = ResNet()
        fpn = nn.Module()
        fpn.inner_blocks = nn.ModuleList([nn.Sequential(nn.Conv2d(width, 32, 1)) for width in (16, 128)])
        fpn.layer_blocks = nn.ModuleList([nn.Sequential(nn.Conv2d(32, 32, 3, padding=1)) for _ in range(2)])
        self.backbone.fpn = fpn
        self.rpn = nn.Module()
        self.rpn.head = nn.Module()
        self.rpn.head.cls_logits = nn.Conv2d(32, 3, 1)
        self.rpn.head.bbox_pred = nn.Conv2d(32, 12, 1)
        self.box_head = nn.Module()
        self.box_head.fc6 = nn.Linear(32 * 49, 64)
        self.mask_predictor = nn.Module()
        self.mask_predictor.conv5_mask = nn.ConvTranspose2d(32, 16, 2, 2)
        self.mask_predictor.mask_fcn_logits = nn.Conv2d(16, 5, 1)


class T5(nn.Module):
    """Tables that are shared, and normalisation without a bias."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.shared = nn.Embedding(50, width)
        attention = nn.Module()
        for name in ("q", "k", "v", "o"):
            setattr(attention, name, nn.Linear(width, width, bias=False))
        attention.relative_attention_bias = nn.Embedding(32, 4)
        layer = nn.Module()
        layer.SelfAttention = attention
        layer.layer_norm = nn.RMSNorm(width)
        self.layer = nn.ModuleList([layer])
        self.final_layer_norm = nn.RMSNorm(width)


ARCHITECTURES: dict[str, Callable[[], nn.Module]] = {
    "ResNet": ResNet,
    "ResNeXt": lambda: ResNet(groups=8),
    "VGG": VGG,
    "MobileNet": MobileNet,
    "U-Net": UNet,
    "U-Net in 3D": UNet3d,
    "ViT": ViT,
    "BERT": Bert,
    "Llama": Llama,
    "speech": Speech,
    "text": Text,
    "GAN": Gan,
    "policy": Policy,
    "diffusion": Diffusion,
    "detector": Detector,
    "T5": T5,
    "ConvNeXt": ConvNeXt,
    "encoder": lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(32, 4, 64), 2, enable_nested_tensor=False),
    "decoder": lambda: nn.TransformerDecoder(nn.TransformerDecoderLayer(32, 4, 64), 2),
    "MLP": lambda: nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.LayerNorm(64), nn.Linear(64, 10)),
    "MLP without biases": lambda: nn.Sequential(nn.Linear(20, 16, bias=False), nn.ReLU(), nn.Linear(16, 3, bias=False)),
}
