"""What the denoiser is told."""

import pytest

torch = pytest.importorskip("torch")


def test_guidance_goes_from_one_prediction_through_the_other_and_on():
    from see2sound_nb.sounds.codi.conditioning import guide

    without, conditional = torch.tensor([0.2, 1.0]), torch.tensor([0.5, 0.0])
    torch.testing.assert_close(guide(without, conditional, 0.0), without)
    torch.testing.assert_close(guide(without, conditional, 1.0), conditional)
    torch.testing.assert_close(guide(without, conditional, 7.5), torch.tensor([2.45, -6.5]))
