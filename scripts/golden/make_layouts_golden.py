#!/usr/bin/env python3
"""One small random Llama in the three layouts in which people hold models.

usage: make_layouts_golden.py tests/golden/layouts
hugging_face/ (safetensors), meta/ (two model-parallel shards by torch.save) and model.gguf with blocks.gguf (the same in
Q8_0, by the package gguf). The matrices are turned from one layout into another as the projects' own converters do:
transformers/models/llama/convert_llama_weights_to_hf.py and llama.cpp/convert_hf_to_gguf.py. Needs torch, safetensors,
gguf. The tokenizer of the GGUF files is that of tests/golden/tokenizer.
"""
import json
import pathlib
import sys

import gguf
import numpy
import torch
from safetensors.torch import save_file

out = pathlib.Path(sys.argv[1])
tokenizer = json.loads((out.parent / "tokenizer" / "tokenizer.json").read_text())
ordinary = sorted(tokenizer["model"]["vocab"].items(), key=lambda item: item[1])
special = sorted(((t["id"], t["content"]) for t in tokenizer["added_tokens"]))
D, LAYERS, HEADS, KV, FFN, V = 32, 2, 4, 2, 96, len(ordinary) + len(special)
HD = D // HEADS
torch.manual_seed(11)


def noise(*shape):
    return torch.randn(shape).mul(0.1).bfloat16()


meta = {"tok_embeddings.weight": noise(V, D), "norm.weight": noise(D) + 1, "output.weight": noise(V, D)}
for n in range(LAYERS):
    layer = {"attention.wq": noise(HEADS * HD, D), "attention.wk": noise(KV * HD, D), "attention.wv": noise(KV * HD, D),
             "attention.wo": noise(D, HEADS * HD), "feed_forward.w1": noise(FFN, D), "feed_forward.w2": noise(D, FFN),
             "feed_forward.w3": noise(FFN, D), "attention_norm": noise(D) + 1, "ffn_norm": noise(D) + 1}
    meta.update({f"layers.{n}.{name}.weight": tensor for name, tensor in layer.items()})


def to_hugging_face(w, heads):
    return w.view(heads, w.shape[0] // heads // 2, 2, w.shape[1]).transpose(1, 2).reshape(w.shape)


NAMES = {"attention.wq": "self_attn.q_proj", "attention.wk": "self_attn.k_proj", "attention.wv": "self_attn.v_proj",
         "attention.wo": "self_attn.o_proj", "feed_forward.w1": "mlp.gate_proj", "feed_forward.w2": "mlp.down_proj",
         "feed_forward.w3": "mlp.up_proj", "attention_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm"}
hf = {"model.embed_tokens.weight": meta["tok_embeddings.weight"], "model.norm.weight": meta["norm.weight"],
      "lm_head.weight": meta["output.weight"]}
for n in range(LAYERS):
    for name, to in NAMES.items():
        tensor = meta[f"layers.{n}.{name}.weight"]
        if name in ("attention.wq", "attention.wk"):
            tensor = to_hugging_face(tensor, HEADS if name.endswith("q") else KV)
        hf[f"model.layers.{n}.{to}.weight"] = tensor.contiguous()

(out / "hugging_face").mkdir(parents=True, exist_ok=True)
save_file(hf, out / "hugging_face/model.safetensors", metadata={"format": "pt"})
scaling = dict(factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=8192, rope_type="llama3")
first = len(ordinary)
(out / "hugging_face/config.json").write_text(json.dumps(dict(
    architectures=["LlamaForCausalLM"], model_type="llama", hidden_size=D, intermediate_size=FFN, num_hidden_layers=LAYERS,
    num_attention_heads=HEADS, num_key_value_heads=KV, head_dim=HD, vocab_size=V, max_position_embeddings=131072,
    rms_norm_eps=1e-5, rope_theta=500000.0, rope_scaling=scaling, tie_word_embeddings=False, hidden_act="silu",
    bos_token_id=first, eos_token_id=[first + 1], torch_dtype="bfloat16"), indent=1) + "\n")

(out / "meta").mkdir(exist_ok=True)
(out / "meta/params.json").write_text(json.dumps(dict(
    dim=D, n_layers=LAYERS, n_heads=HEADS, n_kv_heads=KV, vocab_size=V, ffn_dim_multiplier=1.1, multiple_of=32, norm_eps=1e-5,
    rope_theta=500000.0, use_scaled_rope=True)) + "\n")
for shard in range(2):
    part = {}
    for name, tensor in meta.items():
        if tensor.dim() == 1:
            part[name] = tensor.clone()
        else:
            axis = 1 if ".wo." in name or ".w2." in name else 0
            part[name] = tensor.chunk(2, dim=axis)[shard].contiguous().clone()
    part["rope.freqs"] = torch.zeros(HD // 2)
    torch.save(part, out / f"meta/consolidated.{shard:02}.pth")


def to_gguf(w, heads):
    return w.reshape(heads, 2, w.shape[0] // heads // 2, w.shape[1]).swapaxes(1, 2).reshape(w.shape)


GGUF_NAMES = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
              "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.down_proj": "ffn_down",
              "mlp.up_proj": "ffn_up", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm"}


def divisors():
    # llama.cpp's converter: Llama 3's rule as one divisor for each frequency.
    values = []
    for i in range(HD // 2):
        wavelength = 2 * numpy.pi * 500000.0 ** (2 * i / HD)
        if wavelength < 8192 / 4:
            values.append(1.0)
        elif wavelength > 8192 / 1:
            values.append(8.0)
        else:
            smooth = (8192 / wavelength - 1) / (4 - 1)
            values.append(1 / ((1 - smooth) / 8 + smooth))
    return numpy.array(values, dtype=numpy.float32)


def write_gguf(path, matrices):
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(LAYERS)
    writer.add_context_length(131072)
    writer.add_embedding_length(D)
    writer.add_feed_forward_length(FFN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV)
    writer.add_rope_dimension_count(HD)
    writer.add_rope_freq_base(500000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(V)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("llama-bpe")
    writer.add_token_list([text for text, _ in ordinary] + [text for _, text in special])
    writer.add_token_types([gguf.TokenType.NORMAL] * len(ordinary) + [gguf.TokenType.CONTROL] * len(special))
    writer.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in tokenizer["model"]["merges"]])
    writer.add_bos_token_id(first)
    writer.add_eos_token_id(first + 1)
    writer.add_tensor("rope_freqs.weight", divisors())

    def add(name, tensor):
        if tensor.dim() == 1:
            writer.add_tensor(name, tensor.float().numpy())
        elif matrices == "bf16":
            bits = tensor.contiguous().view(torch.uint8).numpy()
            writer.add_tensor(name, bits, raw_shape=bits.shape, raw_dtype=gguf.GGMLQuantizationType.BF16)
        else:
            blocks = gguf.quants.quantize(tensor.float().numpy(), gguf.GGMLQuantizationType.Q8_0)
            writer.add_tensor(name, blocks, raw_shape=blocks.shape, raw_dtype=gguf.GGMLQuantizationType.Q8_0)

    add("token_embd.weight", hf["model.embed_tokens.weight"])
    add("output_norm.weight", hf["model.norm.weight"])
    add("output.weight", hf["lm_head.weight"])
    for n in range(LAYERS):
        for name, to in GGUF_NAMES.items():
            tensor = hf[f"model.layers.{n}.{name}.weight"]
            if to in ("attn_q", "attn_k"):
                tensor = to_gguf(tensor, HEADS if to == "attn_q" else KV)
            add(f"blk.{n}.{to}.weight", tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


write_gguf(out / "model.gguf", "bf16")
write_gguf(out / "blocks.gguf", "q8_0")
