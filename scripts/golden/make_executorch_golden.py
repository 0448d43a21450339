#!/usr/bin/env python3
"""Small programs of ExecuTorch with golden logits, made by the package executorch itself.

usage: make_executorch_golden.py tests/golden/executorch
With executorch 0.5.0: trimmed/ (groups of 128, an output of five tokens, constants within the delegates as in programs of
2024) and tiny.pte (an embedding, a norm's factors and one product, for tests that damage a file). With 1.5.1: named/ (groups
of 32, constants as named data). params.json, model.pte, and golden.safetensors with tokens and logits, computed in f64
from the numbers that the exporter rounded to, without rounding activations (executorch_model.py). Needs executorch with
its examples, torch, torchao and safetensors.
"""
import pathlib
import sys

import torch
from executorch_model import Model, export, names_data, reference
from safetensors.torch import save_file

IDS = [3, 17, 60, 4, 4, 31, 8, 0, 63, 12]


def make(model, out):
    eager = export(model, out)
    logits = reference(model, eager, IDS).float().contiguous()
    save_file({"tokens": torch.tensor(IDS, dtype=torch.int32), "logits": logits}, out / "golden.safetensors")


def make_tiny(path):
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackDynamicallyQuantizedPartitioner
    from executorch.examples.models.llama.source_transformation.quantize import EmbeddingQuantHandler
    from executorch.exir import EdgeCompileConfig, ExecutorchBackendConfig, to_edge
    from executorch.exir.passes.quant_fusion_pass import QuantFusionPass
    from torchao.quantization.quant_api import Int8DynActInt4WeightQuantizer

    class Tiny(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = torch.nn.Embedding(8, 32)
            self.factors = torch.nn.Parameter(torch.randn(32))
            self.matrix = torch.nn.Linear(32, 4, bias=False)

        def forward(self, ids):
            return self.matrix(self.embedding(ids) * self.factors)

    torch.manual_seed(7)
    tiny = EmbeddingQuantHandler(Tiny(), packed=True, bitwidth=4, group_size=32).quantized_model()
    tiny = Int8DynActInt4WeightQuantizer(precision=torch.float32, groupsize=32).quantize(tiny)
    exported = torch.export.export(tiny, (torch.tensor([[1, 2]]),))
    edge = to_edge(exported, compile_config=EdgeCompileConfig(_check_ir_validity=False, _skip_dim_order=True))
    edge = edge.to_backend(XnnpackDynamicallyQuantizedPartitioner())
    path.write_bytes(edge.to_executorch(ExecutorchBackendConfig(passes=[QuantFusionPass()])).buffer)


folder = pathlib.Path(sys.argv[1])
if names_data():
    make(Model("named", 64, 2, 1, 96, 1, 64, 32, "8,0", extended=True), folder / "named")
else:
    make(Model("trimmed", 128, 2, 1, 128, 2, 64, 128, "4,32", (16, 7, 63, 0, 31)), folder / "trimmed")
    make_tiny(folder / "tiny.pte")
