#!/usr/bin/env python3
"""Times the demo model as a user meets it: start to first token with the process's start, and tokens a second.

usage: bench/demo_speed.py [--cria build/cria] [--model demo] [--threads 2] [--rounds 21]

The prompt is a chat of ten messages with a request for a summary. Start to first token is the wall time of a process
that writes one token; the rate is that of the tokens after the first, as `cria run --json` counts them. Medians over
the rounds, with the lowest and the highest.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import time

PROMPT = """Here are the last ten messages of our chat:

Ingrid Thornton (09:12)
Let us talk about the Heron festival partnership.
Kwame Delgado (09:14)
Unfortunately the donor checklist is not ready.
Freya Nakamura (09:15)
I will finish the donor checklist by Wednesday.
Kwame Delgado (09:18)
Great work, thank you.
Ingrid Thornton (09:21)
So the decision is to postpone the museum brochure.
Ingrid Thornton (09:25)
Kwame, could you send the catering dossier to the publisher by Friday?
Kwame Delgado (09:26)
Sure, no problem.
Ingrid Thornton (09:31)
Let us all meet on Thursday at 14:00.
Freya Nakamura (09:33)
At 14:00 I have a call. How about 15:30?
Ingrid Thornton (09:34)
OK, then on Thursday at 15:30.

Summarise the chat."""


def run(options, *more):
    start = time.perf_counter()
    done = subprocess.run([options.cria, "run", options.model, "--json", "--temperature", "0", "--threads",
                           str(options.threads), *more, PROMPT], stdin=subprocess.DEVNULL, capture_output=True, check=True)
    return time.perf_counter() - start, json.loads(done.stdout)


def text(values, unit):
    return f"{statistics.median(values):.1f} {unit} ({min(values):.1f} to {max(values):.1f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cria", default=str(pathlib.Path(__file__).resolve().parent.parent / "build/cria"))
    parser.add_argument("--model", default="demo")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=21)
    options = parser.parse_args()
    run(options)  # once, so that the files are in memory
    first = [1000 * run(options, "--max-tokens", "1")[0] for _ in range(options.rounds)]
    answers = [run(options)[1] for _ in range(options.rounds)]
    rates = [1000 / answer["timings"]["per_token"] for answer in answers]
    prompts = [answer["usage"]["prompt_tokens"] / answer["timings"]["prompt"] * 1000 for answer in answers]
    usage = answers[0]["usage"]
    print(f"{options.model}, {options.threads} threads, {options.rounds} rounds: "
          f"{usage['prompt_tokens']} tokens of prompt, {usage['completion_tokens']} of answer")
    print("start to first token:", text(first, "ms"))
    print("prompt:", text(prompts, "tokens/s"))
    print("generation:", text(rates, "tokens/s"))


if __name__ == "__main__":
    main()
