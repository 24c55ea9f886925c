"""Run by the tests in a process of its own, with Hugging Face's variables set: loads models and says what came of it.

One line of JSON for each call on standard output: what was loaded, or the exception and its text.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable

from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer


def attempt(name: str, call: Callable[[], object]) -> None:
    try:
        result: object = call()
    except Exception as error:
        chain = [error, error.__cause__, error.__context__]
        result = {"error": type(error).__name__, "text": " ".join(str(each) for each in chain if each)}
    sys.stdout.write(json.dumps({"call": name, "result": result}) + "\n")


def load(repo: str, revision: str) -> object:
    """All three classes at one revision; one number of the weights tells which they are."""
    config = AutoConfig.from_pretrained(repo, revision=revision)
    tokenizer = AutoTokenizer.from_pretrained(repo, revision=revision)
    model = AutoModelForCausalLM.from_pretrained(repo, revision=revision)
    ids = tokenizer("the quick fox", return_tensors="pt").input_ids
    return {
        "hidden_size": config.hidden_size,
        "ids": ids.tolist(),
        "logits": list(model(ids).logits.shape),
        "weight": model.lm_head.weight[0, 0].item(),
    }


def main(repo: str, converted: str, revisions: list[str]) -> None:
    token = os.environ["HF_TOKEN"]
    for revision in revisions:
        attempt(revision, lambda revision=revision: load(repo, revision))  # type: ignore[misc]
    attempt("converted", lambda: load(converted, "main"))
    for who, other in json.loads(os.environ["OTHERS"]).items():
        cache = f"{os.environ['HF_HOME']}/{who}"
        attempt(who, lambda c=cache, t=other: AutoConfig.from_pretrained(repo, token=t, cache_dir=c).to_dict())  # type: ignore[misc]
        attempt(
            f"{who} model",
            lambda c=cache, t=other: str(AutoModelForCausalLM.from_pretrained(repo, token=t, cache_dir=c)),  # type: ignore[misc]
        )
    attempt("withdrawn", lambda: AutoConfig.from_pretrained(repo, revision="v3", token=token).to_dict())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
