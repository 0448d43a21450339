#!/usr/bin/env python3
"""Two small random Llamas in the form of Meta's quantised releases, and the logits of plain arithmetic on them.

usage: make_int4_golden.py tests/golden/int4
qlora/ has low-rank adaptors and groups of 32, spinquant/ rotated feed-forward activations and groups of 64; each
params.json and consolidated.00.pth by torch.save, and golden.safetensors with tokens and logits, computed in f64 from the dequantised
numbers as Meta's code does (models/llama3/model.py; positions side by side, quantization/loader.py), without rounding the
activations. Needs torch, safetensors.
"""
import json
import pathlib
import sys

import torch
from safetensors.torch import save_file

D, LAYERS, HEADS, KV, FFN, V, RANK, SCALE = 64, 2, 4, 2, 128, 96, 4, 2.0
HD = D // HEADS
TOKENS = [3, 17, 95, 4, 4, 60, 31, 8, 0, 77, 12, 3]


def four_bits(rows, columns, group):
    numbers = torch.randint(-8, 8, (rows, columns), dtype=torch.int8)
    scales = (torch.rand(rows, columns // group) * 0.03 + 0.01).bfloat16()
    return numbers, scales


def spread(numbers, scales):
    rows, columns = numbers.shape
    scales = scales.double().reshape(rows, -1)
    return numbers.double() * scales.repeat_interleave(columns // scales.shape[1], dim=1)


def hadamard(n):
    h = torch.ones(1, 1, dtype=torch.float64)
    while h.shape[0] < n:
        h = torch.cat([torch.cat([h, h], 1), torch.cat([h, -h], 1)], 0)
    return h / n ** 0.5


def make(group, lora):
    state = {}
    for name in ("tok_embeddings", "output"):
        state[f"{name}.weight"] = torch.randint(-127, 128, (V, D), dtype=torch.int8)
        state[f"{name}.scales"] = (torch.rand(V, 1) * 0.002 + 0.001).bfloat16()
    state["norm.weight"] = (torch.randn(D) * 0.1 + 1).bfloat16()
    for n in range(LAYERS):
        shapes = {"attention.wq": (D, D), "attention.wk": (KV * HD, D), "attention.wv": (KV * HD, D), "attention.wo": (D, D),
                  "feed_forward.w1": (FFN, D), "feed_forward.w2": (D, FFN), "feed_forward.w3": (FFN, D)}
        for name, (rows, columns) in shapes.items():
            at = f"layers.{n}.{name}"
            state[f"{at}.weight"], state[f"{at}.scales"] = four_bits(rows, columns, group)
            if lora:
                state[f"{at}.zeros"] = torch.zeros(rows, columns // group)
                state[f"{at}.adaptor.A.weight"] = (torch.randn(RANK, columns) * 0.1).bfloat16()
                state[f"{at}.adaptor.B.weight"] = (torch.randn(rows, RANK) * 0.1).bfloat16()
        for name in ("attention_norm", "ffn_norm"):
            state[f"layers.{n}.{name}.weight"] = (torch.randn(D) * 0.1 + 1).bfloat16()
    return state


def logits(state, rotated):
    def apply(name, x):
        y = x @ spread(state[f"{name}.weight"], state[f"{name}.scales"]).T
        if f"{name}.adaptor.A.weight" in state:
            a, b = (state[f"{name}.adaptor.{m}.weight"].double() for m in "AB")
            y = y + SCALE * (x @ a.T @ b.T)
        return y

    def norm(name, x):
        return x / (x.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt() * state[f"{name}.weight"].double()

    def rope(x):  # [tokens, heads, HD], pairs side by side
        angles = torch.outer(torch.arange(len(x), dtype=torch.float64), 500000.0 ** (-torch.arange(0, HD, 2, dtype=torch.float64) / HD))
        pairs = torch.view_as_complex(x.reshape(*x.shape[:-1], HD // 2, 2).contiguous())
        return torch.view_as_real(pairs * torch.polar(torch.ones_like(angles), angles)[:, None]).reshape(x.shape)

    x = spread(state["tok_embeddings.weight"], state["tok_embeddings.scales"])[TOKENS]
    causal = torch.full((len(TOKENS), len(TOKENS)), float("-inf"), dtype=torch.float64).triu(1)
    for n in range(LAYERS):
        at = f"layers.{n}"
        h = norm(f"{at}.attention_norm", x)
        q = rope(apply(f"{at}.attention.wq", h).view(-1, HEADS, HD))
        k = rope(apply(f"{at}.attention.wk", h).view(-1, KV, HD)).repeat_interleave(HEADS // KV, 1)
        v = apply(f"{at}.attention.wv", h).view(-1, KV, HD).repeat_interleave(HEADS // KV, 1)
        scores = torch.einsum("qhd,khd->hqk", q, k) / HD ** 0.5 + causal
        seen = torch.einsum("hqk,khd->qhd", scores.softmax(-1), v).reshape(len(TOKENS), D)
        x = x + apply(f"{at}.attention.wo", seen)
        h = norm(f"{at}.ffn_norm", x)
        inner = torch.nn.functional.silu(apply(f"{at}.feed_forward.w1", h)) * apply(f"{at}.feed_forward.w3", h)
        if rotated:
            inner = inner @ hadamard(FFN)
        x = x + apply(f"{at}.feed_forward.w2", inner)
    return norm("norm", x) @ spread(state["output.weight"], state["output.scales"]).T


torch.manual_seed(5)
for name, group, lora, rotated in (("qlora", 32, True, False), ("spinquant", 64, False, True)):
    out = pathlib.Path(sys.argv[1]) / name
    out.mkdir(parents=True, exist_ok=True)
    state = make(group, lora)
    torch.save(state, out / "consolidated.00.pth")
    params = dict(dim=D, n_layers=LAYERS, n_heads=HEADS, n_kv_heads=KV, vocab_size=V, hidden_dim=FFN, norm_eps=1e-5,
                  rope_theta=500000.0, use_scaled_rope=False, max_seq_len=64,
                  quantization_args=dict(scheme="int4_weight_int8_dynamic_activation", group_size=group, spinquant=rotated))
    if lora:
        params["lora_args"] = dict(rank=RANK, scale=SCALE)
    (out / "params.json").write_text(json.dumps(params) + "\n")
    save_file({"tokens": torch.tensor(TOKENS, dtype=torch.int32), "logits": logits(state, rotated).float().contiguous()},
              out / "golden.safetensors")
