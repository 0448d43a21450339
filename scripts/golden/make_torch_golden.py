#!/usr/bin/env python3
"""Small checkpoints by torch.save: a good one, and pickles that would run something.

usage: make_torch_golden.py tests/golden/torch
good.pth: tensors of every type that Cria reads, views into one storage, a parameter, an empty tensor. Their values are
i / 4 for element i (int types: i), beginning with the number in `first` of the tests.
code.pth calls os.system; strided.pth has a transposed tensor; nested.pth a dict in a dict. Needs torch.
"""
import collections
import os
import pathlib
import sys

import torch

out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
whole = torch.arange(12, dtype=torch.float32) / 4
state = collections.OrderedDict()
state["f32"] = whole.reshape(3, 4)
state["tail"] = whole[8:]  # shares the storage
state["bf16"] = (torch.arange(6, dtype=torch.float32) / 4).to(torch.bfloat16).reshape(2, 3)
state["f16"] = (torch.arange(5, dtype=torch.float32) / 4).to(torch.float16)
state["i8"] = torch.arange(-2, 2, dtype=torch.int8)
state["i32"] = torch.arange(3, dtype=torch.int32)
state["parameter"] = torch.nn.Parameter(torch.arange(2, dtype=torch.float32) / 4)
state["scalar"] = torch.tensor(2.5)
torch.save(state, out / "good.pth")
torch.save({"transposed": whole.reshape(3, 4).t()}, out / "strided.pth")
torch.save({"model": {"f32": whole}}, out / "nested.pth")


class Code:
    def __reduce__(self):
        return os.system, ("touch it-ran",)


torch.save({"weight": Code()}, out / "code.pth")
