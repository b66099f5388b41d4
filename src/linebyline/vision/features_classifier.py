"""Networks of two halves: features of the image at every place, and a classifier of them all."""

from jaxtyping import Float
from torch import Tensor, nn


class FeaturesClassifier(nn.Module):
    """Scores of an image: features, averaged to a fixed size, then layers that see all places.

    The form of AlexNet and VGG in the published weights, whose names begin with `features` and
    `classifier`. The average in between lets images have other sizes than those of ImageNet.

    Args:
        features: layers from images to maps.
        avgpool: makes every map equally large.
        classifier: layers from the maps, laid out in one row, to the scores.
    """

    def __init__(
        self, features: nn.Sequential, avgpool: nn.Module, classifier: nn.Sequential
    ) -> None:
        super().__init__()
        self.features = features
        self.avgpool = avgpool
        self.classifier = classifier

    def forward(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch classes"]:
        """Logits, through every layer's fused kernel."""
        return self.classifier(self.avgpool(self.features(x)).flatten(1))

    def explicit(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch classes"]:
        """The same through every layer's `explicit`."""
        for layer in (*self.features, self.avgpool):
            x = layer.explicit(x)
        x = x.flatten(1)  # (B, C·rows·columns)
        for layer in self.classifier:
            x = layer.explicit(x)  # type: ignore[operator]
        return x
