"""The engine on a terminal: continue a prompt, score a text, or measure how fast it is here."""

from __future__ import annotations

import argparse
import random
import sys
import time
from pathlib import Path

from .config import DTYPES, WEIGHT_FORMS, EngineConfig
from .engine import Engine
from .errors import EngineError
from .sequence import Completion, Request, SamplingOptions


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 done, 1 refused with a sentence on stderr, 2 wrong usage, 130 interrupted."""
    options = _parser().parse_args(arguments)
    try:
        at_once = max(options.at_once) if options.command == "bench" else 1
        config = EngineConfig(
            device=options.device, dtype=options.dtype, weights=options.weights, max_batch_size=at_once
        )  # fmt: skip
        began = time.perf_counter()
        engine = Engine.load(options.folder, config)
        if options.command == "generate":
            print(_generate(engine, options))
        elif options.command == "score":
            _print_scores(_score(engine, options.text))
        else:
            _print_speed(engine, options.at_once, time.perf_counter() - began)
    except EngineError as error:
        print(f"{error} [{error.code}]", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gatehouse-engine", description=__doc__)
    model = argparse.ArgumentParser(add_help=False)
    model.add_argument("folder", type=Path, help="model folder, in Meta's layout or Hugging Face's")
    model.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N (default: %(default)s)")
    model.add_argument("--dtype", default="float32", choices=DTYPES, help="default: %(default)s")
    model.add_argument(
        "--weights", default="full", choices=WEIGHT_FORMS, help="in how many bits (default: %(default)s)"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    generate = commands.add_parser("generate", parents=[model], help="print a prompt and its continuation")
    generate.add_argument("prompt")
    generate.add_argument("--max-tokens", type=int, default=64, help="default: %(default)s")
    generate.add_argument("--temperature", type=float, default=0.0, help="0 is greedy (default: %(default)s)")
    generate.add_argument("--seed", type=int, help="makes a temperature above 0 repeatable")
    score = commands.add_parser("score", parents=[model], help="print the log-probability of each token")
    score.add_argument("text")
    bench = commands.add_parser("bench", parents=[model], help="print how fast this model runs on this machine")
    bench.add_argument(
        "--at-once", type=_count, nargs="+", default=[1, 16, 64], metavar="N", help="requests (default: 1 16 64)"
    )
    return parser


def _count(value: str) -> int:
    if not value.isdecimal() or not 1 <= int(value) <= 512:
        raise argparse.ArgumentTypeError("must be a whole number from 1 to 512")
    return int(value)


def _generate(engine: Engine, options: argparse.Namespace) -> str:
    sampling = SamplingOptions(
        max_tokens=options.max_tokens, temperature=options.temperature, seed=options.seed, echo=True
    )
    tokens = tuple(engine.tokenizer.encode(options.prompt))
    return _run(engine, Request(tokens, sampling, prompt_text=options.prompt)).text


def _score(engine: Engine, text: str) -> Completion:
    """With BOS given as an ordinary id, so that the first token of the text is scored too."""
    tokens = tuple(engine.tokenizer.encode(text))
    return _run(engine, Request(tokens, SamplingOptions(max_tokens=0, echo=True, logprobs=0)))


def _run(engine: Engine, request: Request) -> Completion:
    [completion] = engine.generate([request])
    assert completion is not None
    return completion


def _print_scores(completion: Completion) -> None:
    assert completion.logprobs is not None
    scores = zip(completion.logprobs.tokens, completion.logprobs.token_logprobs, strict=True)
    values = []
    for token, value in scores:
        if value is not None:
            values.append(value)
            print(f"{value:10.4f}  {token!r}")
    print(f"{sum(values):10.4f}  total of {len(values)} tokens")


def _print_speed(engine: Engine, at_once: list[int], load_seconds: float) -> None:
    """Prompts of 256 random tokens, then answers of 32 (or what the context has room for), for each number at once."""
    context, words = engine.model_config.context_tokens, engine.model_config.vocab_size
    prompt_tokens, answer_tokens = min(256, context // 2), min(32, context // 4)
    print(f"loaded in {load_seconds:.1f} s; prompts of {prompt_tokens} tokens, answers of {answer_tokens}")
    print("at once   prompt tokens/s   output tokens/s")
    dice = random.Random(1)  # noqa: S311 - any words will do
    for count in at_once:
        prompts = [tuple(dice.choices(range(words), k=prompt_tokens)) for _ in range(count)]
        reading = _seconds(engine, prompts, 1)
        whole = _seconds(engine, [prompt[::-1] for prompt in prompts], answer_tokens + 1)
        output = count * answer_tokens / max(whole - reading, 1e-9)
        print(f"{count:7}   {count * prompt_tokens / reading:15,.0f}   {output:15,.0f}")


def _seconds(engine: Engine, prompts: list[tuple[int, ...]], answer_tokens: int) -> float:
    never_ends = {engine.tokenizer.eos_id: -100.0}
    options = SamplingOptions(max_tokens=answer_tokens, temperature=0, logit_bias=never_ends)
    began = time.perf_counter()
    engine.generate([Request(prompt, options) for prompt in prompts])
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
