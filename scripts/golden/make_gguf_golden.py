#!/usr/bin/env python3
"""A small GGUF file with every block type, and what its blocks mean, by the package gguf of the llama.cpp project.

usage: make_gguf_golden.py tests/golden/gguf
Writes blocks.gguf: metadata of every type; for each block type a tensor of 2 rows of 512 random values with random bytes
as blocks (scales kept to sensible numbers) and, beside it, "<name>.values" in F32, which the package's own dequantisation
gives. Needs gguf and numpy.
"""
import json
import pathlib
import sys

import gguf
import numpy
from gguf import GGMLQuantizationType as Type

rng = numpy.random.default_rng(7)
out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)

# Where the binary16 scales of a block stand.
SCALES = {Type.Q4_0: [0], Type.Q4_1: [0, 2], Type.Q5_0: [0], Type.Q5_1: [0, 2], Type.Q8_0: [0], Type.Q2_K: [80, 82],
          Type.Q3_K: [108], Type.Q4_K: [0, 2], Type.Q5_K: [0, 2], Type.Q6_K: [208], Type.IQ4_NL: [0], Type.IQ4_XS: [0]}


def random_blocks(kind, rows, columns):
    elements, size = gguf.GGML_QUANT_SIZES[kind]
    blocks = rng.integers(0, 256, (rows, columns // elements, size), dtype=numpy.uint8)
    for place in SCALES[kind]:
        scale = rng.normal(0, 0.05, blocks.shape[:2]).astype(numpy.float16)
        blocks[:, :, place:place + 2] = scale.view(numpy.uint8).reshape(*scale.shape, 2)
    return blocks.reshape(rows, -1)


writer = gguf.GGUFWriter(out / "blocks.gguf", "llama")
writer.add_uint8("test.u8", 200)
writer.add_int8("test.i8", -5)
writer.add_uint16("test.u16", 60000)
writer.add_int16("test.i16", -300)
writer.add_uint32("test.u32", 4_000_000_000)
writer.add_int32("test.i32", -70000)
writer.add_uint64("test.u64", 1 << 40)
writer.add_int64("test.i64", -(1 << 40))
writer.add_float32("test.f32", 0.25)
writer.add_float64("test.f64", 1e-300)
writer.add_bool("test.flag", True)
writer.add_string("test.text", "naïve <|eot_id|>")
writer.add_array("test.texts", ["a", "", "é"])
writer.add_array("test.integers", [1, -2, 3])
writer.add_array("test.numbers", [0.5, -1.5])
for kind in SCALES:
    name = kind.name.lower()
    blocks = random_blocks(kind, 2, 512)
    writer.add_tensor(name, blocks, raw_shape=blocks.shape, raw_dtype=kind)
    writer.add_tensor(f"{name}.values", gguf.quants.dequantize(blocks, kind))
plain = numpy.arange(6, dtype=numpy.float32).reshape(2, 3) / 4
writer.add_tensor("f32", plain)
writer.add_tensor("f16", plain.astype(numpy.float16))
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
print((out / "blocks.gguf").stat().st_size, "bytes")

# How much the package's own rounding loses on normal numbers, for the types that it can write.
values = rng.normal(0, 0.02, (8, 256)).astype(numpy.float32)
errors = {}
for kind in (Type.Q4_0, Type.Q8_0):
    back = gguf.quants.dequantize(gguf.quants.quantize(values, kind), kind)
    errors[kind.name.lower()] = float(numpy.sqrt(((values - back) ** 2).sum() / (values ** 2).sum()))
(out / "quantized.json").write_text(json.dumps(dict(
    values=[float(f"{v:.7g}") for v in values.flatten()], relative_error=errors)) + "\n")
