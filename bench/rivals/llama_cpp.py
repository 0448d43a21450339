"""llama.cpp for the scripts that hold Cria against it: the ready-made library of the package node-llama-cpp, installed into
build/rivals by npm. It is no part of Cria. Needs node 20 and npm."""
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build/rivals"
PLATFORM = {"x86_64": "linux-x64", "aarch64": "linux-arm64"}.get(os.uname().machine, "")


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: {done.stderr.strip()[-600:]}")
    return done.stdout


def install():
    if (FOLDER / "node_modules/node-llama-cpp").exists():
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "package.json").write_text('{"private": true}')
    print("installing llama.cpp (node-llama-cpp) into build/rivals", file=sys.stderr)
    for package in ("node-llama-cpp", f"@node-llama-cpp/{PLATFORM}"):
        run("npm", "install", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund", package, cwd=FOLDER)


def libraries():
    """The folder of its shared libraries."""
    return FOLDER / f"node_modules/@node-llama-cpp/{PLATFORM}/bins/{PLATFORM}"


def ask(model, jobs, threads=2):
    """Runs the jobs of llama_cpp.mjs on a model, one after the other; the objects that it prints."""
    request = json.dumps({"model": str(pathlib.Path(model).resolve()), "threads": threads, "jobs": jobs})
    out = run("node", ROOT / "bench/rivals/llama_cpp.mjs", cwd=FOLDER, input=request)
    return [json.loads(line) for line in out.splitlines()]
