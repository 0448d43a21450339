#!/usr/bin/env python3
"""Trains the same small Llama with PyTorch and with cria train, in turn, and compares speed and memory.

usage: CRIA_REFERENCE_PYTHON=PYTHON bench/torch_train_compare.py [--cria build/cria] [--rounds 3] [--steps 10] [--threads 2]

The model: width 256, 8 layers, 8 heads over 4, ffn 768, vocabulary 4096, tied embeddings (7.3 M weights), f32.
A step: 8 sequences of 512 tokens, cross-entropy on every position, backward, clipping to 1.0, AdamW.
PYTHON has torch and transformers. The first two steps of each process are not counted; of the others the
median, and of the rounds the best. Memory is the largest resident size that the kernel saw of the process.
Operations: 6 for each weight of a matrix product and token, 12 x layers x width x 512 / 2 a token in attention.
"""
import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

WIDTH, FFN, LAYERS, HEADS, KV_HEADS, VOCABULARY, BATCH, LENGTH = 256, 768, 8, 8, 4, 4096, 8, 512
WEIGHTS = LAYERS * (2 * WIDTH * WIDTH + 2 * WIDTH * WIDTH * KV_HEADS // HEADS + 3 * WIDTH * FFN) + WIDTH * VOCABULARY
FLOPS_PER_TOKEN = 6 * WEIGHTS + 12 * LAYERS * WIDTH * LENGTH / 2
RECIPE = """
model: {config: {width: %d, ffn_width: %d, layers: %d, heads: %d, kv_heads: %d, tied_embeddings: true}}
tokenizer: {train: {vocabulary: %d, documents: 1}}
data: [{jsonl: %s}]
context: %d
batch: {tokens: %d, micro_tokens: %d}
optimizer: {learning_rate: 1e-4, warmup: 0, schedule: constant}
steps: %d
validation: {every: 0}
checkpoint: {every: 0}
output: {folder: %s}
"""


def run_torch(steps, threads):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model = LlamaForCausalLM(LlamaConfig(
        hidden_size=WIDTH, intermediate_size=FFN, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
        num_key_value_heads=KV_HEADS, vocab_size=VOCABULARY, tie_word_embeddings=True, max_position_embeddings=LENGTH,
        attn_implementation="sdpa", use_cache=False)).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
    ids = torch.randint(0, VOCABULARY, (BATCH, LENGTH))
    rates = []
    for _ in range(steps):
        start = time.perf_counter()
        loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        rates.append(BATCH * LENGTH / (time.perf_counter() - start))
    print(json.dumps(rates))


def made_up_text(seed):
    """Enough different words for a vocabulary of 4096."""
    rng = random.Random(seed)
    words = ["".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(2, 9))) for _ in range(8000)]
    return " ".join(rng.choice(words) for _ in range(120_000))


def measured(command, **options):
    """Standard output and the largest resident size in bytes of a process."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"failed: {' '.join(map(str, command))}")
    return output, usage.ru_maxrss * 1024


def cria_round(cria, folder, steps, threads):
    (folder / "text.jsonl").write_text(json.dumps({"text": made_up_text(1)}) + "\n")
    (folder / "recipe.yaml").write_text(RECIPE % (WIDTH, FFN, LAYERS, HEADS, KV_HEADS, VOCABULARY, folder / "text.jsonl", LENGTH,
                                                  BATCH * LENGTH, BATCH * LENGTH, steps, folder / "out"))
    log = folder / "log.jsonl"
    _, memory = measured([cria, "train", folder / "recipe.yaml", "--fresh", "--threads", str(threads), "--json-log", log],
                         stderr=subprocess.DEVNULL)
    return [json.loads(line)["tokens_per_s"] for line in log.read_text().splitlines()], memory


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cria", default="build/cria")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--torch", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.torch:
        return run_torch(args.steps, args.threads)
    python = os.environ.get("CRIA_REFERENCE_PYTHON") or sys.exit("set CRIA_REFERENCE_PYTHON to a Python with torch and transformers")
    roof = json.loads(measured([args.cria, "doctor", "--json", "--threads", str(args.threads)])[0])["peak_f32_gflops"]
    best = {"PyTorch": (0, 0), "cria": (0, 0)}
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        for _ in range(args.rounds):
            output, memory = measured([python, __file__, "--torch", "--steps", str(args.steps), "--threads", str(args.threads)],
                                      stderr=subprocess.DEVNULL)
            for name, (rates, peak) in (("PyTorch", (json.loads(output.splitlines()[-1]), memory)),
                                        ("cria", cria_round(args.cria, folder, args.steps, args.threads))):
                rate = statistics.median(rates[2:])
                print(f"  {name:8} {rate:7.0f} tokens/s", flush=True)
                best[name] = (max(best[name][0], rate), max(best[name][1], peak))
    for name, (rate, memory) in best.items():
        print(f"{name:8} {rate:7.0f} tokens/s  {rate * FLOPS_PER_TOKEN / 1e9 / roof:5.1%} of {roof:.0f} GFLOP/s  {memory / 1e6:6.0f} MB at most")
    print(f"cria / PyTorch: {best['cria'][0] / best['PyTorch'][0]:.2f} x the speed, {best['cria'][1] / best['PyTorch'][1]:.2f} x the memory")


main()
