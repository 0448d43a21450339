#!/usr/bin/env python3
"""Golden numbers of training: 20 AdamW steps of a tiny Llama by PyTorch in double precision.

usage: make_train_golden.py tests/golden/train
Writes the first weights (a Hugging Face folder), the last ones, and golden.json: documents with their loss
weights, the recipe, and of every step the loss, the gradient's norm and the learning rate.
Needs torch, transformers, safetensors.
"""
import json
import math
import pathlib
import sys

import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
torch.manual_seed(5)
config = LlamaConfig(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
                     head_dim=4, vocab_size=48, tie_word_embeddings=True, max_position_embeddings=64, rope_theta=10000.0,
                     rms_norm_eps=1e-5, bos_token_id=0, eos_token_id=1, attn_implementation="eager", use_cache=False)
model = LlamaForCausalLM(config)
with torch.no_grad():  # norms away from 1, matrices large enough to matter
    for name, p in model.named_parameters():
        p.copy_(torch.randn_like(p) * 0.1 + 1 if "norm" in name else torch.randn_like(p) * 0.15)
first = {n: p.detach().clone().contiguous() for n, p in model.named_parameters()}
save_file(first, out / "model.safetensors", metadata={"format": "pt"})
keys = ["hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "head_dim",
        "vocab_size", "tie_word_embeddings", "max_position_embeddings", "rms_norm_eps", "bos_token_id", "eos_token_id",
        "hidden_act"]
(out / "config.json").write_text(json.dumps({"architectures": ["LlamaForCausalLM"], "model_type": "llama",
    "torch_dtype": "float32", "rope_theta": 10000.0, **{k: getattr(config, k) for k in keys}}, indent=1) + "\n")

recipe = dict(learning_rate=0.02, warmup=4, min_ratio=0.1, beta1=0.9, beta2=0.95, epsilon=1e-8, weight_decay=0.1, clip=0.5)
steps = 20
documents = []
for length in (23, 5, 40, 2, 17):
    weights = [0.0] + [float(w) for w in torch.tensor([0.0, 0.5, 1.0])[torch.randint(0, 3, (length - 1,))]]
    weights[-1] = 1.0
    documents.append(dict(ids=torch.randint(0, 48, (length,)).tolist(), weights=weights))

model = model.double().train()
matrices = [p for p in model.parameters() if p.dim() > 1]
norms = [p for p in model.parameters() if p.dim() == 1]
optimizer = torch.optim.AdamW([dict(params=matrices, weight_decay=recipe["weight_decay"]), dict(params=norms, weight_decay=0.0)],
                              lr=0.0, betas=(recipe["beta1"], recipe["beta2"]), eps=recipe["epsilon"])
records = []
for step in range(steps):
    if step < recipe["warmup"]:
        rate = recipe["learning_rate"] * (step + 1) / recipe["warmup"]
    else:
        done = (step - recipe["warmup"]) / (steps - 1 - recipe["warmup"])
        rate = recipe["learning_rate"] * (recipe["min_ratio"] + (1 - recipe["min_ratio"]) * 0.5 * (1 + math.cos(math.pi * done)))
    total = sum(sum(d["weights"]) for d in documents)
    loss = 0
    for d in documents:
        ids = torch.tensor([d["ids"]])
        losses = torch.nn.functional.cross_entropy(model(input_ids=ids).logits[0, :-1], ids[0, 1:], reduction="none")
        loss = loss + (losses * torch.tensor(d["weights"][1:], dtype=torch.float64)).sum()
    loss = loss / total
    optimizer.zero_grad()
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(list(model.parameters()), recipe["clip"])
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()
    records.append(dict(loss=loss.item(), grad_norm=norm.item(), lr=rate))
save_file({n: p.detach().float().contiguous() for n, p in model.named_parameters()}, out / "final.safetensors")
(out / "golden.json").write_text(json.dumps(dict(torch=torch.__version__, recipe=recipe, steps=steps, documents=documents,
                                                 records=records)) + "\n")
print("loss", records[0]["loss"], "->", records[-1]["loss"])
