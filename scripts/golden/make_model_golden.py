#!/usr/bin/env python3
"""Golden logits, losses and gradients of small random Llamas, computed by transformers and PyTorch.

    pip install torch transformers safetensors numpy
    python scripts/golden/make_model_golden.py tests/golden/model

Each case is a folder with config.json and golden.safetensors:
    logits    [tokens, vocabulary]  one sequence, from position 0
    loss      [1]                   mean cross-entropy of the next token, over the sequence
    grad.NAME                       its gradient for every parameter
The weights are not stored: both sides make them from the same whole numbers, see `weight` below, and so are
the ids. Only the case `checkpoint` stores its weights, as transformers saves them.
"""
import json
import pathlib
import sys

import numpy as np
import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

LLAMA3 = {"rope_type": "llama3", "low_freq_factor": 1.0, "high_freq_factor": 4.0}


def scaling(factor, original):
    return dict(LLAMA3, factor=float(factor), original_max_position_embeddings=original)


# name: layers, width, heads, kv_heads, head_dim, ffn, vocabulary, tied, rope scaling, tokens.
# `original` is small so that the blended and the divided frequencies matter within few tokens.
CASES = {
    "tied_32": (2, 32, 2, 1, 32, 48, 101, True, None, 24),
    "untied_scaled8": (2, 36, 3, 1, 32, 56, 97, False, scaling(8, 16), 40),
    "tied_scaled32_64": (1, 30, 6, 2, 64, 44, 128, True, scaling(32, 16), 33),
    "untied_128": (1, 24, 3, 3, 128, 40, 67, False, scaling(8, 256), 17),
    "long": (1, 32, 4, 2, 16, 48, 61, True, scaling(32, 64), 300),
}


def weight(name, shape):
    """Element i of a tensor: a multiplicative hash of i and the name, as a multiple of 2^-8 or so."""
    seed = 0
    for byte in name.encode():
        seed = (seed * 31 + byte) % 2**32
    index = np.arange(int(np.prod(shape)), dtype=np.uint64)
    mixed = ((index + seed) * 2654435761) % 2**32
    mixed = ((mixed ^ (mixed >> np.uint64(15))) * 2246822519) % 2**32
    unit = ((mixed >> np.uint64(16)) % 2048).astype(np.float32) / 1024 - 1  # [-1, 1), exact
    if len(shape) == 1:
        return torch.from_numpy(1 + unit / 4).reshape(shape)
    return torch.from_numpy(unit / 4).reshape(shape)


def token_ids(count, vocabulary):
    return [(7 + i * i * 3 + i * 5) % vocabulary for i in range(count)]


def config_of(case):
    layers, width, heads, kv_heads, head_dim, ffn, vocabulary, tied, rope, _ = case
    config = LlamaConfig(
        num_hidden_layers=layers, hidden_size=width, num_attention_heads=heads, num_key_value_heads=kv_heads,
        head_dim=head_dim, intermediate_size=ffn, vocab_size=vocabulary, tie_word_embeddings=tied,
        max_position_embeddings=512, rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=[2, 3], pad_token_id=None,
        rope_parameters=dict(rope or {"rope_type": "default"}, rope_theta=10000.0))
    config._attn_implementation = "eager"
    return config


def fill(model):
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(weight(name, tuple(parameter.shape)))


def old_form(config):
    """The keys that transformers wrote before version 5."""
    keys = config.to_dict()
    rope = dict(keys.pop("rope_parameters"))
    keys["rope_theta"] = rope.pop("rope_theta")
    keys["rope_scaling"] = rope if rope["rope_type"] == "llama3" else None
    kept = ["model_type", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
            "num_key_value_heads", "head_dim", "vocab_size", "max_position_embeddings", "rms_norm_eps", "rope_theta",
            "rope_scaling", "tie_word_embeddings", "hidden_act", "bos_token_id", "eos_token_id"]
    return {key: keys[key] for key in kept}


def golden(case, model):
    ids = torch.tensor([token_ids(case[-1], case[6])])
    logits = model(ids).logits[0]
    loss = torch.nn.functional.cross_entropy(logits[:-1], ids[0, 1:])
    loss.backward()
    tensors = {"logits": logits.detach().float(), "loss": loss.detach().float().reshape(1)}
    for name, parameter in model.named_parameters():
        tensors["grad." + name] = parameter.grad.float()
    return {name: tensor.contiguous() for name, tensor in tensors.items()}


def main(out):
    for name, case in CASES.items():
        folder = out / name
        folder.mkdir(parents=True, exist_ok=True)
        config = config_of(case)
        # In double, so that the golden numbers' own rounding is far below the tolerance.
        model = LlamaForCausalLM(config).double()
        fill(model)
        save_file(golden(case, model), folder / "golden.safetensors")
        (folder / "config.json").write_text(json.dumps(old_form(config), indent=1) + "\n")

    case = (2, 32, 4, 2, 8, 40, 53, False, scaling(8, 16), 20)
    folder = out / "checkpoint"
    model = LlamaForCausalLM(config_of(case))
    fill(model)
    model.to(torch.bfloat16).save_pretrained(folder)
    # Loaded afresh: the rounding must not reach the frequencies of the rotary positions.
    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").double()
    logits = model(torch.tensor([token_ids(20, 53)])).logits[0].detach().float()
    save_file({"logits": logits}, folder / "golden.safetensors")
    (folder / "generation_config.json").unlink(missing_ok=True)


if __name__ == "__main__":
    torch.manual_seed(0)
    main(pathlib.Path(sys.argv[1]))
