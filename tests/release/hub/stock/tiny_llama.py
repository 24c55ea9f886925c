"""A tiny LLaMA as Hugging Face's own programs save one, beside Meta's files and texts, written without them."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers

DIM, HEADS, FFN, LAYERS = 32, 4, 96, 2
WORDS = ["<unk>", "<s>", "</s>", *["the", "quick", "brown", "fox", "jumps", "over", "lazy", "dog"]]
CONFIG = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": DIM, "intermediate_size": FFN,
    "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "num_key_value_heads": HEADS, "vocab_size": len(WORDS),
    "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "bos_token_id": 1, "eos_token_id": 2,
    "tie_word_embeddings": False, "torch_dtype": "float32",
}  # fmt: skip
README = "---\nlicense: other\nlicense_name: research\n---\n# Toy\n\nA model of nothing – “quite”.\n"
LICENCE = "Be good.\n"
POLICY = "docs/use policy (final).txt"


def tensors(seed: int) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    layer = {
        "self_attn.q_proj": (DIM, DIM), "self_attn.k_proj": (DIM, DIM), "self_attn.v_proj": (DIM, DIM),
        "self_attn.o_proj": (DIM, DIM), "mlp.gate_proj": (FFN, DIM), "mlp.up_proj": (FFN, DIM),
        "mlp.down_proj": (DIM, FFN), "input_layernorm": (DIM,), "post_attention_layernorm": (DIM,),
    }  # fmt: skip
    shapes: dict[str, tuple[int, ...]] = {
        "model.embed_tokens": (len(WORDS), DIM), "model.norm": (DIM,), "lm_head": (len(WORDS), DIM)
    }  # fmt: skip
    shapes |= {f"model.layers.{n}.{name}": shape for n in range(LAYERS) for name, shape in layer.items()}
    return {f"{name}.weight": torch.randn(shape, generator=generator) for name, shape in shapes.items()}


def write(folder: Path, seed: int) -> Path:
    """Weights differ by `seed`; everything else is the same in each.

    They have more than 100 kB: clients ask for so much of the beginning at once, and the S3 server of the tests
    refuses what goes beyond the end.
    """
    (folder / "docs").mkdir(parents=True)
    save_file(tensors(seed), folder / "model.safetensors", metadata={"format": "pt"})
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    texts = {
        "config.json": json.dumps(CONFIG),
        "generation_config.json": json.dumps({"bos_token_id": 1, "eos_token_id": 2}),
        "tokenizer_config.json": json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "<unk>"}),
        "README.md": README,
        "LICENSE.txt": LICENCE,
        POLICY: "Nothing forbidden.\n",
        "docs/deeper/note.txt": "Deep.\n",
        "params.json": "{}",
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder
