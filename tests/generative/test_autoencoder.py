import torch
from torch import nn

from linebyline.generative.autoencoder import Autoencoder


def test_the_decoder_sees_only_the_code():
    encoder, decoder = nn.Linear(5, 2), nn.Linear(2, 5)
    x = torch.randn(3, 5, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(Autoencoder(encoder, decoder)(x), decoder(encoder(x)))
