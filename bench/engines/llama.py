"""`PYTHON bench/engines/llama.py FOLDER WORK DTYPE`: llama.cpp by its own interface, batched as its server does it.

Runs in a Python of its own that has llama_cpp, gguf and numpy; of ours it needs only work.py beside it. Weights are
random ones of the shape that params.json in the folder says: how fast they are does not depend on their values.
"""

# mypy: ignore-errors

from __future__ import annotations

import ctypes
import json
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import gguf
import llama_cpp.llama_cpp as llama
import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from work import WORKS, Asked

VOCABULARY, CONTEXT = 32_000, 2048
AT_ONCE, STEP = 64, 512
KINDS = {"float32": gguf.GGMLQuantizationType.F32, "bfloat16": gguf.GGMLQuantizationType.BF16}


def write_gguf(folder: Path, dtype: str) -> Path:
    """The model in llama.cpp's format, made once for each folder."""
    path = folder / f"{dtype}.gguf"
    if path.exists():
        return path
    params = json.loads((folder / "params.json").read_text())
    dim, layers, heads = params["dim"], params["n_layers"], params["n_heads"]
    hidden = -(-int(8 * dim / 3) // params["multiple_of"]) * params["multiple_of"]
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(dim)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(hidden)
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads)
    writer.add_rope_dimension_count(dim // heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(VOCABULARY)
    writer.add_tokenizer_model("llama")
    writer.add_token_list([f"▁{number}" for number in range(VOCABULARY)])
    writer.add_token_scores([0.0] * VOCABULARY)
    writer.add_token_types([1] * VOCABULARY)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    chance, kind = np.random.default_rng(1), KINDS[dtype]

    def add(name: str, *shape: int) -> None:
        values = (chance.standard_normal(shape, dtype=np.float32) * 0.05).astype(np.float32)
        writer.add_tensor(name, gguf.quantize(values, kind), raw_dtype=kind)

    def add_norm(name: str) -> None:
        writer.add_tensor(name, np.ones(dim, dtype=np.float32))

    add("token_embd.weight", VOCABULARY, dim)
    for layer in range(layers):
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            add(f"blk.{layer}.{name}.weight", dim, dim)
        add(f"blk.{layer}.ffn_gate.weight", hidden, dim)
        add(f"blk.{layer}.ffn_up.weight", hidden, dim)
        add(f"blk.{layer}.ffn_down.weight", dim, hidden)
        add_norm(f"blk.{layer}.attn_norm.weight")
        add_norm(f"blk.{layer}.ffn_norm.weight")
    add_norm("output_norm.weight")
    add("output.weight", VOCABULARY, dim)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@dataclass
class Running:
    asked: Asked
    place: int  # its sequence in the context
    fed: int = 0
    tokens: list[int] = field(default_factory=list)


class Runner:
    """Continuous batching: prompts in parts beside answers token by token, at most STEP tokens at once."""

    def __init__(self, path: Path, dtype: str, tokens: int) -> None:
        llama.llama_backend_init()
        self.model = llama.llama_model_load_from_file(str(path).encode(), llama.llama_model_default_params())
        settings = llama.llama_context_default_params()
        settings.n_ctx, settings.n_batch, settings.n_ubatch, settings.n_seq_max = tokens, STEP, STEP, AT_ONCE + 1
        settings.n_threads = settings.n_threads_batch = os.cpu_count()
        settings.kv_unified = True
        kind = llama.GGML_TYPE_F32 if dtype == "float32" else llama.GGML_TYPE_F16
        settings.type_k = settings.type_v = kind
        self.context = llama.llama_init_from_model(self.model, settings)
        self.memory = llama.llama_get_memory(self.context)
        self.batch = llama.llama_batch_init(STEP, 0, 1)

    def decode(self, rows: list[tuple[int, int, int, bool]]) -> None:
        """Rows of token, position, sequence, and whether its logits are wanted."""
        batch = self.batch
        batch.n_tokens = len(rows)
        for row, (token, position, sequence, wanted) in enumerate(rows):
            batch.token[row], batch.pos[row], batch.n_seq_id[row] = token, position, 1
            batch.seq_id[row][0], batch.logits[row] = sequence, wanted
        if llama.llama_decode(self.context, batch) != 0:
            raise RuntimeError("llama_decode failed")

    def logits(self, row: int) -> np.ndarray:
        return np.ctypeslib.as_array(llama.llama_get_logits_ith(self.context, row), shape=(VOCABULARY,))

    def generate(self, asked: list[Asked]) -> None:
        waiting, running, free = list(asked), [], list(range(1, AT_ONCE + 1))
        while waiting or running:
            while waiting and free:
                running.append(Running(waiting.pop(0), free.pop()))
            rows, ends = [], []
            for each in running:
                known = [*each.asked.prompt, *each.tokens]
                part = known[each.fed : each.fed + STEP - len(rows)]
                for place, token in enumerate(part, each.fed):
                    rows.append((token, place, each.place, place == len(known) - 1))
                each.fed += len(part)
                if part and each.fed == len(known):
                    ends.append((each, len(rows) - 1))
            self.decode(rows)
            for each, row in ends:
                each.tokens.append(int(self.logits(row).argmax()))
                if len(each.tokens) == each.asked.answer:
                    running.remove(each)
                    free.append(each.place)
                    llama.llama_memory_seq_rm(self.memory, each.place, -1, -1)

    def score(self, asked: list[Asked], prefix: int) -> None:
        """The common beginning is computed once and copied, as its server does with a cached prompt."""
        first = asked[0].prompt[:prefix]
        for start in range(0, prefix, STEP):
            part = first[start : start + STEP]
            self.decode([(token, place, 0, False) for place, token in enumerate(part, start)])
        for number in range(1, len(asked) + 1):
            llama.llama_memory_seq_cp(self.memory, 0, number, -1, -1)
        rows, wanted = [], []
        for number, each in enumerate(asked, 1):
            own = each.prompt[prefix:]
            if len(rows) + len(own) > STEP:
                self._score(rows, wanted)
                rows, wanted = [], []
            for place, token in enumerate(own, prefix):
                follows = len(each.prompt) - each.scored - 1 <= place < len(each.prompt) - 1
                if follows:
                    wanted.append((len(rows), each.prompt[place + 1]))
                rows.append((token, place, number, follows))
        self._score(rows, wanted)

    def _score(self, rows: list, wanted: list[tuple[int, int]]) -> None:
        self.decode(rows)
        for row, token in wanted:
            logits = self.logits(row)
            top = logits.max()
            float(logits[token] - top - np.log(np.exp(logits - top).sum()))


def main(folder: Path, work: str, dtype: str) -> None:
    silent = llama.llama_log_callback(lambda level, text, data: None)
    llama.llama_log_set(silent, ctypes.c_void_p())
    found = WORKS[work](VOCABULARY)
    tokens = sum(len(each.prompt) + each.answer for each in found.asked) - found.prefix * (len(found.asked) - 1)
    runner = Runner(write_gguf(folder, dtype), dtype, tokens + 512)
    runner.generate([Asked((1, *range(500, 520)), answer=3)])
    began = time.perf_counter()
    if found.asked[0].scored:
        runner.score(found.asked, found.prefix)
    else:
        runner.generate(found.asked)
    print([time.perf_counter() - began])


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
