"""Networks of torchvision, timm and transformers with random weights, and what should be picked in each.

What is expected is said by a module of the network, not by a name in the exported file: the pick
is what that module returns. Without torch, this can be imported but builds nothing.
"""

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True)
class Network:
    """One architecture.

    Attributes:
        name: what the test is called.
        package: who has it.
        build: makes it from the package; nothing is downloaded.
        picked: path of the module whose output is the tensor to pick.
        reads: path of the module whose input is that tensor pooled; empty where torch's own
            pooling has no name here, such as a mean that leaves out the class token.
        pooling: torch's own; where it has no name here, the usual one.
        then: what torch does to that output before it pools, and is no module.
        channels: axis of that output which holds the channels.
        size: side of the pictures.
    """

    name: str
    package: str
    build: Callable[[Any], Any]
    picked: str
    reads: str = ""
    pooling: str = "mean"
    then: str = ""
    channels: int = 1
    size: int = 64


def imported(package: str) -> Any:
    """Import torch, torchvision, timm or transformers.

    The torchvision of PyPI has operators (for detectors; no network here needs them) that load only
    beside a torch with CUDA, and stops where nobody has declared them.
    """
    torch = importlib.import_module("torch")
    try:
        return importlib.import_module(package)
    except RuntimeError:
        declared = torch.library.Library("torchvision", "FRAGMENT")
        for name in ("nms", "qnms"):
            declared.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _KEPT.append(declared)
        return importlib.import_module(package)


_KEPT: list[Any] = []
"""Declarations end with the object that made them."""


def _torchvision(name: str, picked: str, reads: str, *, size: int = 64, **settings: Any) -> Network:
    then = settings.pop("then", "")

    def build(package: Any) -> Any:
        return getattr(package.models, name)(weights=None, num_classes=10, **settings)

    return Network(name, "torchvision", build, picked, reads, then=then, size=size)


def _timm(
    name: str, picked: str, reads: str = "", pooling: str = "mean", **settings: Any
) -> Network:
    size, channels = settings.pop("size", 64), settings.pop("channels", 1)
    called = "-".join([name, *(f"{settings[key]}" for key in settings if key == "global_pool")])

    def build(package: Any) -> Any:
        return package.create_model(name, num_classes=10, **settings)

    return Network(called, "timm", build, picked, reads, pooling, channels=channels, size=size)


def _tokens(name: str, reads: str = "", pooling: str = "cls", **settings: Any) -> Network:
    """A transformer of timm, which ends in a normalisation of its tokens."""
    small = {"img_size": 64, "depth": 2} | settings
    return _timm(name, "norm", reads, pooling, channels=-1, **small)


def _small_convnext(torchvision: Any) -> Any:
    made = torchvision.models.convnext
    blocks = [made.CNBlockConfig(16, 32, 1), made.CNBlockConfig(32, None, 2)]
    return made.ConvNeXt(blocks, num_classes=10)


def _small_vit(torchvision: Any) -> Any:
    return torchvision.models.VisionTransformer(
        image_size=64, patch_size=16, num_layers=2, num_heads=2, hidden_dim=32, mlp_dim=64, num_classes=10
    )  # fmt: skip


def _small_swin(torchvision: Any) -> Any:
    return torchvision.models.SwinTransformer(
        patch_size=[4, 4], embed_dim=24, depths=[2, 2], num_heads=[2, 4], window_size=[4, 4], num_classes=10
    )  # fmt: skip


def _small_timm_swin(timm: Any) -> Any:
    return timm.models.swin_transformer.SwinTransformer(
        img_size=64, embed_dim=24, depths=(2, 2), num_heads=(2, 4), window_size=4, num_classes=10
    )


def _hugging(
    name: str, picked: str, reads: str = "", pooling: str = "cls", **settings: Any
) -> Network:
    """A network of transformers, small enough for pictures of 64; what it gives is one tensor."""
    answer, channels = settings.pop("answer", "logits"), settings.pop("channels", -1)
    config, model = settings.pop("config"), settings.pop("model")

    def build(transformers: Any) -> Any:
        torch = importlib.import_module("torch")
        if importlib.util.find_spec("torchvision") is not None:
            imported("torchvision")  # it is loaded wherever it is installed

        class Answer(torch.nn.Module):  # type: ignore[misc,name-defined]
            """Gives one tensor instead of all that the network tells."""

            def __init__(self) -> None:
                super().__init__()
                self.net = getattr(transformers, model)(getattr(transformers, config)(**settings))
                self.net.config._attn_implementation = "eager"

            def forward(self, pictures: Any) -> Any:
                return self.net(pixel_values=pictures, return_dict=True)[answer]

        return Answer()

    return Network(f"hf-{name}", "transformers", build, picked, reads, pooling, channels=channels)


_TOKENS: Final = {
    "hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 96,
    "image_size": 64, "patch_size": 16,
}  # fmt: skip
_STAGES: Final = {"hidden_sizes": [16, 32, 48, 64], "depths": [1, 1, 1, 1]}
_WINDOWS: Final = {
    "image_size": 64, "embed_dim": 24, "depths": [2, 2], "num_heads": [2, 4], "window_size": 4,
}  # fmt: skip

NETWORKS = (
    _torchvision("resnet18", "layer4", "fc"),
    _torchvision("resnext50_32x4d", "layer4", "fc"),
    _torchvision("mobilenet_v2", "features", "classifier"),
    _torchvision("mobilenet_v3_small", "features", "classifier"),
    _torchvision("efficientnet_b0", "features", "classifier"),
    _torchvision("regnet_y_400mf", "trunk_output", "fc"),
    _torchvision("shufflenet_v2_x0_5", "conv5", "fc"),
    _torchvision("mnasnet0_5", "layers", "classifier"),
    _torchvision("densenet121", "features", "classifier", then="relu"),
    _torchvision("googlenet", "inception5b", "fc", aux_logits=False, init_weights=False),
    _torchvision("inception_v3", "Mixed_7c", "fc", size=128, aux_logits=False, init_weights=False),
    Network("convnext", "torchvision", _small_convnext, "features", "classifier"),
    Network("vit", "torchvision", _small_vit, "encoder", "heads", "cls", channels=-1),
    Network("swin", "torchvision", _small_swin, "permute", "head"),
    Network("swin-channels-last", "timm", _small_timm_swin, "norm", "head.fc", "token-mean", channels=-1),
    _timm("mobilenetv3_small_050", "blocks", "conv_head"),
    _timm("convnext_atto", "stages", "head.norm"),
    _timm("mobilevit_xxs", "final_conv", "head.fc"),
    _timm("poolformer_s12", "stages", "head.norm"),
    _timm("mambaout_femto", "stages", "head.norm", "token-mean", channels=-1),
    _tokens("vit_tiny_patch16_224", "head"),
    _tokens("vit_tiny_patch16_224", pooling="token-mean", global_pool="avg"),
    _tokens("vit_little_patch16_reg4_gap_256", pooling="token-mean"),
    _tokens("vit_small_patch14_reg4_dinov2", "head", img_size=56, size=56),
    _tokens("vit_tiny_r_s16_p8_224", "head"),
    _tokens("cait_xxs24_224", "head"),
    _timm("mixer_s32_224", "norm", "head", "token-mean", channels=-1, img_size=64),
    _hugging("vit", "net.vit.layernorm", "net.classifier",
             config="ViTConfig", model="ViTForImageClassification", **_TOKENS),
    _hugging("dinov2", "net.dinov2.layernorm",
             config="Dinov2Config", model="Dinov2ForImageClassification", **_TOKENS),
    _hugging("siglip", "net.post_layernorm", pooling="token-mean", answer="pooler_output",
             config="SiglipVisionConfig", model="SiglipVisionModel", **_TOKENS),
    _hugging("swin", "net.swin.layernorm", "net.classifier", "token-mean",
             config="SwinConfig", model="SwinForImageClassification", **_WINDOWS),
    _hugging("swinv2", "net.swinv2.layernorm", "net.classifier", "token-mean",
             config="Swinv2Config", model="Swinv2ForImageClassification", **_WINDOWS),
    _hugging("convnextv2", "net.convnextv2.encoder.stages.3", "net.convnextv2.layernorm", "mean",
             config="ConvNextV2Config", model="ConvNextV2ForImageClassification", channels=1, **_STAGES),
    _hugging("segformer", "net.segformer.stages.3.layer_norm", "net.classifier", "token-mean",
             config="SegformerConfig", model="SegformerForImageClassification",
             num_attention_heads=[1, 2, 4, 4], **_STAGES),
)  # fmt: skip
