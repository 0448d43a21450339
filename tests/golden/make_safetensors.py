#!/usr/bin/env python3
"""Makes tests/golden/by_python.safetensors with the safetensors package (tested with 0.8)."""
import pathlib

import torch
from safetensors.torch import save_file

folder = pathlib.Path(__file__).parent
tensors = {
    "whole": torch.arange(6, dtype=torch.float32).reshape(2, 3) / 4,
    "brain": torch.arange(-4, 5, dtype=torch.bfloat16) * 3,
    "half": torch.tensor([0.1, -65504.0], dtype=torch.float16),
    "small": torch.tensor([[-128], [127], [3]], dtype=torch.int8),
    "integers": torch.tensor([-2147483648, 2147483647], dtype=torch.int32),
    "scalar": torch.tensor(2.5),
    "none": torch.zeros(0, 4),
    "Größe": torch.ones(1),
}
save_file(tensors, folder / "by_python.safetensors", metadata={"format": "pt", "made by": "Python"})
