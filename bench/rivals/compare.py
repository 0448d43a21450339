#!/usr/bin/env python3
"""Cria and other engines on the same GGUF files, in turn, beside the roofs of the machine.

usage: bench/rivals/compare.py MODEL.gguf... --rival 'NAME=PATH/llama-bench [OPTIONS]' ...
           [--llamacpp] [--cria build/cria] [-p 512] [-n 64] [-d 0] [-t 2] [-r 5] [--json FILE]

Each round runs every engine once on every test, so that a slow minute of the machine falls on all of them; the table
has the median of the rounds, our ratio to the best rival, and our share of the roof: of the int8 (or bf16 or f32) rate
for prompts, of the reading rate for decoding. Roofs are those of cria doctor, measured in the same run. A rival is any
program with llama-bench's options and JSON, found on the machine (ik_llama.cpp repacks with `-rtr 1`, and knows no -d);
--llamacpp takes the ready-made library of the package node-llama-cpp, which is installed into build/rivals. Rivals are
no part of Cria. Nothing else should run meanwhile.
"""
import argparse
import json
import pathlib
import shlex
import statistics
import subprocess
import sys

import llama_cpp

ROOT = llama_cpp.ROOT


def run(command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"compare: {' '.join(map(str, command))}: {done.stderr.strip()[-500:]}")
    return json.loads(done.stdout)


def tests_of(options):
    for depth in options.d:
        for prompt in options.p:
            if prompt:
                yield ("prompt", prompt, depth)
        for generate in options.n:
            if generate:
                yield ("answer", generate, depth)


def measure_llama_cpp(model, test, threads):
    kind, tokens, depth = test
    ids = [(i * 7919) % 1000 + 1 for i in range(depth + (tokens if kind == "prompt" else 1))]
    job = {"ids": ids, "depth": depth, "time": tokens if kind == "answer" else 0}
    return tokens / llama_cpp.ask(model, [job], threads)[0][kind]


def measure(program, ours, model, test, threads):
    if program is None:
        return measure_llama_cpp(model, test, threads)
    kind, tokens, depth = test
    command = shlex.split(program) + (["bench"] if ours else []) + ["-m", model, "-t", threads, "-r", 1, "-o", "json"]
    command += ["-d", depth] if depth else []
    command += ["-p", tokens, "-n", 0] if kind == "prompt" else ["-p", 0, "-n", tokens]
    return run(command)[0]["avg_ts"]


def products_per_token(architecture):
    """Multiplications of a token of a prompt, without the head, which meets its last token alone."""
    width, ffn = architecture["hidden_size"], architecture["intermediate_size"]
    heads, kv_heads = architecture["num_attention_heads"], architecture["num_key_value_heads"]
    head = architecture.get("head_dim") or width // heads
    layer = width * head * (2 * heads + 2 * kv_heads) + 3 * width * ffn
    return architecture["num_hidden_layers"] * layer


def share(model, test, rate, roofs, cria):
    kind, tokens, depth = test
    facts = run([cria, "show", model, "--json", "--context", 512])
    if kind == "answer":
        return rate * facts["weights"] / 1e9 / roofs["read_gb_s"]
    quantised = any(name.startswith(("q", "iq")) for name in facts["types"])
    roof = roofs["peak_int8_gops"] if quantised else max(roofs["peak_f32_gflops"], roofs["peak_bf16_gflops"])
    return 2 * products_per_token(facts["architecture"]) * rate / 1e9 / roof


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    lengths = lambda text: [int(part) for part in text.split(",")]
    parser.add_argument("models", nargs="+", metavar="MODEL.gguf")
    parser.add_argument("--rival", action="append", default=[], metavar="NAME=COMMAND")
    parser.add_argument("--llamacpp", action="store_true")
    parser.add_argument("--cria", default=str(ROOT / "build/cria"))
    parser.add_argument("-p", type=lengths, default=[512])
    parser.add_argument("-n", type=lengths, default=[64])
    parser.add_argument("-d", type=lengths, default=[0])
    parser.add_argument("-t", type=int, default=2)
    parser.add_argument("-r", type=int, default=5)
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    engines = {"cria": options.cria, **dict(rival.split("=", 1) for rival in options.rival)}
    if options.llamacpp:
        llama_cpp.install()
        engines["llama.cpp"] = None
    roofs = run([options.cria, "doctor", "--json", "--threads", options.t])
    print(f"{roofs['processor']}: int8 {roofs['peak_int8_gops']:.0f} Gop/s, bf16 {roofs['peak_bf16_gflops']:.0f}, f32 "
          f"{roofs['peak_f32_gflops']:.0f} GFLOP/s, reading {roofs['read_gb_s']:.1f} GB/s with {options.t} threads")
    rows = []
    for model in options.models:
        for test in tests_of(options):
            samples = {name: [] for name in engines}
            for _ in range(options.r):
                for name, program in engines.items():
                    samples[name].append(measure(program, name == "cria", model, test, options.t))
            medians = {name: statistics.median(values) for name, values in samples.items()}
            best = max((rate for name, rate in medians.items() if name != "cria"), default=None)
            rows.append({"model": pathlib.Path(model).name, "test": test, "medians": medians, "samples": samples,
                         "ratio": medians["cria"] / best if best else None,
                         "share": share(model, test, medians["cria"], roofs, options.cria)})
            kind, tokens, depth = test
            print(f"{rows[-1]['model']:24} {kind} {tokens:5} @ {depth:<5} "
                  + "  ".join(f"{name} {rate:8.2f}" for name, rate in medians.items())
                  + (f"  ratio {rows[-1]['ratio']:.2f}" if best else "") + f"  share of the roof {100 * rows[-1]['share']:.0f} %",
                  flush=True)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps({"roofs": roofs, "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
