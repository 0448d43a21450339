#!/usr/bin/env python3
"""What guessing ahead saves on office tasks: tokens of an answer for each pass over the weights, and that no byte changes.

usage: bench/draft_gain.py [--cria build/cria] [--model demo] [--chats 20] [--cost 1.31]

Takes held-out English chats of `cria eval office`, asks for summaries, action items and rewritten messages, each once with
guesses out of the prompt and once token by token, and compares the texts. A pass checks up to seven guesses. `--cost`: what a
pass that checks seven costs beside one that checks none, on a model limited by reading its weights (`cria bench -p 8 -n 32 -d
256`); each guess counts as a seventh of what is above one, which is more than few of them cost. The last column is what such
a model gains. How far to guess is decided by time: nothing else should run meanwhile.
"""
import argparse
import json
import pathlib
import subprocess
import tempfile

MOST_GUESSES = 7
TASKS = {"summary": "summaries", "action_items": "action items", "shorter": "shortened", "formal": "made formal"}


def run(command):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True).stdout


def answer(options, case, *flags):
    return json.loads(run([options.cria, "run", options.model, "--json", "--temperature", 0, "--system", case["system"], *flags,
                           case["request"]]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cria", default="build/cria")
    parser.add_argument("--model", default="demo")
    parser.add_argument("--chats", type=int, default=20)
    parser.add_argument("--cost", type=float, default=1.31)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "answers.jsonl"
        run([options.cria, "eval", "office", "--model", options.model, "--languages", "en", "--count", options.chats, "--answers", file])
        cases = [json.loads(line) for line in file.read_text().splitlines()]
    sums = {}
    for case in cases:
        if case["task"] not in TASKS:
            continue
        guessed, plain = answer(options, case), answer(options, case, "--no-drafts")
        if guessed["text"] != plain["text"]:
            raise SystemExit(f"draft_gain: the texts differ:\n{guessed['text']}\n---\n{plain['text']}")
        usage, total = guessed["usage"], sums.setdefault(case["task"], [0, 0, 0])
        for i, key in enumerate(("completion_tokens", "accepted_tokens", "drafted_tokens")):
            total[i] += usage[key]
    sums["all"] = [sum(column) for column in zip(*sums.values())]
    print(f"| | tokens | guessed | right | tokens a pass | at a cost of {options.cost} |\n| --- | --- | --- | --- | --- | --- |")
    for task, (tokens, right, drafted) in sums.items():
        passes = tokens - right
        cost = passes + drafted / MOST_GUESSES * (options.cost - 1)
        print(f"| {TASKS.get(task, task)} | {tokens} | {drafted} | {right} | {tokens / passes:.2f} | {tokens / cost:.2f} |")
    print("the texts are the same, byte for byte")


if __name__ == "__main__":
    main()
