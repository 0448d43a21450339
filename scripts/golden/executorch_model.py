"""Small random Llamas exported by the package executorch, and what plain arithmetic on their numbers gives.

For scripts/test-executorch and make_executorch_golden.py. Needs executorch (0.5.0 and 1.5.1 were used: the first writes
constants as programs of 2024 have them, the second as named data), torch and torchao.
"""
import json
import os
import pathlib
import sys
import warnings
from dataclasses import dataclass

warnings.simplefilter("ignore")
os.environ["PATH"] = f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"  # flatc, which the exporter calls

import torch
from executorch.extension.pybindings.portable_lib import _load_for_executorch  # the runtime, before what registers with it

import executorch.kernels.quantized  # noqa: F401
from executorch.extension.llm.custom_ops import custom_ops  # noqa: F401
from executorch.examples.models.llama import export_llama_lib

LINEARS = ("attention.wq", "attention.wk", "attention.wv", "attention.wo", "feed_forward.w1", "feed_forward.w2", "feed_forward.w3")


@dataclass
class Model:
    name: str
    width: int
    heads: int
    kv_heads: int
    ffn: int
    layers: int
    vocabulary: int
    group: int
    embedding: str | None = None  # "bits,group"
    output_ids: tuple = ()
    scaled: bool = True
    cache: bool = True
    extended: bool = False

    @property
    def head_dim(self):
        return self.width // self.heads

    def shapes(self):
        kv = self.kv_heads * self.head_dim
        return {"attention.wq": (self.width, self.width), "attention.wk": (kv, self.width), "attention.wv": (kv, self.width),
                "attention.wo": (self.width, self.width), "feed_forward.w1": (self.ffn, self.width),
                "feed_forward.w2": (self.width, self.ffn), "feed_forward.w3": (self.ffn, self.width)}


def names_data():
    """Whether the installed exporter writes constants as named data, and scales of groups as bf16."""
    return hasattr(export_llama_lib, "LlmConfig")


def export(model, folder):
    """Writes params.json and model.pte into `folder`; returns the eager model with the same quantised numbers."""
    torch.manual_seed(sum(model.name.encode()))
    state = {"tok_embeddings.weight": torch.randn(model.vocabulary, model.width),
             "output.weight": torch.randn(model.vocabulary, model.width) / model.width**0.5,
             "norm.weight": 1 + 0.1 * torch.randn(model.width)}
    for n in range(model.layers):
        for name, (rows, columns) in model.shapes().items():
            state[f"layers.{n}.{name}.weight"] = torch.randn(rows, columns) / columns**0.5
        for name in ("attention_norm", "ffn_norm"):
            state[f"layers.{n}.{name}.weight"] = 1 + 0.1 * torch.randn(model.width)
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(state, folder / "state.pth")
    params = dict(dim=model.width, n_layers=model.layers, n_heads=model.heads, n_kv_heads=model.kv_heads,
                  vocab_size=model.vocabulary, hidden_dim=model.ffn, norm_eps=1e-5, rope_freq_base=500000.0,
                  use_scaled_rope=model.scaled)
    (folder / "params.json").write_text(json.dumps(params) + "\n")
    options = ["--model", "llama3_2", "-c", folder / "state.pth", "-p", folder / "params.json", "-X", "-qmode", "8da4w",
               "-G", model.group, "-d", "fp32", "--max_seq_length", 64, "-o", folder, "-n", folder / "model.pte"]
    options += ["--max_context_length", 64] if names_data() else []
    options += ["-kv", "--use_sdpa_with_kv_cache"] if model.cache else []
    options += ["-E", model.embedding] if model.embedding else []
    options += ["--xnnpack-extended-ops"] if model.extended else []
    if model.output_ids:
        (folder / "map.json").write_text(json.dumps({str(i): token for i, token in enumerate(model.output_ids)}))
        options += ["--output_prune_map", folder / "map.json"]
    arguments = export_llama_lib.build_args_parser().parse_args([str(option) for option in options])
    prepared = export_llama_lib.LlmConfig.from_args(arguments) if names_data() else arguments
    eager = export_llama_lib._prepare_for_llama_export(prepared).model
    export_llama_lib.export_llama(arguments)
    for name in ("state.pth", "map.json"):
        (folder / name).unlink(missing_ok=True)
    return eager


def dequantised(module, scale_type=None):
    """The numbers of a linear layer or an embedding in f64, with scales as the program has them."""
    weight = module.weight
    if hasattr(weight, "qdata"):
        numbers, scales = weight.qdata, weight.scale
    elif hasattr(module, "scales"):
        numbers, scales = weight, module.scales
    else:
        return weight.detach().double()
    if numbers.dtype == torch.uint8:  # two numbers a byte, the first in the high half
        numbers = torch.stack([numbers >> 4, numbers & 15], -1).flatten(1).to(torch.int8) - 8
    scales = (scales.to(scale_type) if scale_type else scales).double().reshape(len(numbers), -1)
    return numbers.double() * scales.repeat_interleave(numbers.shape[1] // scales.shape[1], 1)


def frequencies(model):
    """Llama 3's, scaled by 32 as export_llama does for Llama 3.2."""
    plain = 500000.0 ** (-torch.arange(0, model.head_dim, 2, dtype=torch.float64) / model.head_dim)
    if not model.scaled:
        return plain
    smooth = ((8192 * plain / (2 * torch.pi)) - 1) / 3
    return torch.where(smooth >= 1, plain, torch.where(smooth <= 0, plain / 32, (1 - smooth) * plain / 32 + smooth * plain))


def reference(model, eager, ids):
    """Logits [tokens, vocabulary] in f64 without rounding activations; -infinity for tokens that were trimmed."""
    scale_type = torch.bfloat16 if names_data() else None
    angles = torch.outer(torch.arange(len(ids), dtype=torch.float64), frequencies(model))

    def norm(x, weight):
        return x / (x.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt() * weight.detach().double()

    def turned(x):  # [tokens, heads, head_dim], pairs side by side
        pairs = torch.view_as_complex(x.reshape(*x.shape[:-1], -1, 2).contiguous())
        return torch.view_as_real(pairs * torch.polar(torch.ones_like(angles), angles)[:, None]).reshape(x.shape)

    x = dequantised(eager.tok_embeddings)[ids]
    causal = torch.full((len(ids), len(ids)), float("-inf"), dtype=torch.float64).triu(1)
    for layer in eager.layers:
        w = {name: dequantised(layer.get_submodule(name), scale_type) for name in LINEARS}
        h = norm(x, layer.attention_norm.weight)
        q = turned((h @ w["attention.wq"].T).view(len(ids), model.heads, -1))
        k = turned((h @ w["attention.wk"].T).view(len(ids), model.kv_heads, -1))
        v = (h @ w["attention.wv"].T).view(len(ids), model.kv_heads, -1)
        k, v = (t.repeat_interleave(model.heads // model.kv_heads, 1) for t in (k, v))
        scores = torch.einsum("qhd,khd->hqk", q, k) / model.head_dim**0.5 + causal
        x = x + torch.einsum("hqk,khd->qhd", scores.softmax(-1), v).reshape(x.shape) @ w["attention.wo"].T
        h = norm(x, layer.ffn_norm.weight)
        x = x + (torch.nn.functional.silu(h @ w["feed_forward.w1"].T) * (h @ w["feed_forward.w3"].T)) @ w["feed_forward.w2"].T
    there = norm(x, eager.norm.weight) @ dequantised(eager.output, scale_type).T
    if not model.output_ids:
        return there
    logits = torch.full((len(ids), model.vocabulary), float("-inf"), dtype=torch.float64)
    logits[:, list(model.output_ids)] = there
    return logits


def run(model, program, ids):
    """Logits of the program in ExecuTorch's runtime, token by token."""
    loaded = _load_for_executorch(str(program))
    if model.cache:
        rows = [loaded.forward((torch.tensor([[token]]), torch.tensor([i])))[0] for i, token in enumerate(ids)]
    else:
        rows = [loaded.forward((torch.tensor([ids[:n + 1]]),))[0] for n in range(len(ids))]
    return torch.stack([row.reshape(-1)[-model.vocabulary:].double() for row in rows])
