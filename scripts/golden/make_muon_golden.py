#!/usr/bin/env python3
"""Golden numbers of Muon: three steps of a wide and a tall matrix by torch.optim.Muon.

usage: make_muon_golden.py tests/golden/train/muon.json
PyTorch iterates in bf16, so its figures hold to about a hundredth of a step. Needs torch 2.9 or later.
"""
import json
import pathlib
import sys

import torch

torch.manual_seed(3)
cases = []
for shape in ((12, 20), (20, 12)):
    weight = torch.nn.Parameter(torch.randn(shape))
    first = weight.detach().clone()
    optimizer = torch.optim.Muon([weight], lr=0.05, weight_decay=0.1, momentum=0.95, nesterov=True,
                                 adjust_lr_fn="match_rms_adamw")
    gradients = [torch.randn(shape) for _ in range(3)]
    for gradient in gradients:
        weight.grad = gradient.clone()
        optimizer.step()
    cases.append(dict(shape=shape, first=first.flatten().tolist(), last=weight.detach().flatten().tolist(),
                      gradients=[g.flatten().tolist() for g in gradients]))
recipe = dict(learning_rate=0.05, weight_decay=0.1, momentum=0.95)
round4 = lambda x: json.loads(json.dumps(x), parse_float=lambda s: float(f"{float(s):.6g}"))
pathlib.Path(sys.argv[1]).write_text(json.dumps(round4(dict(torch=torch.__version__, recipe=recipe, cases=cases))) + "\n")
