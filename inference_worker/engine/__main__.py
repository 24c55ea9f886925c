"""The engine on a terminal: continue a prompt, or score a text."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from inference_worker.engine.config import DTYPES, EngineConfig
from inference_worker.engine.engine import Engine
from inference_worker.engine.errors import EngineError
from inference_worker.engine.sequence import Completion, Request, SamplingOptions


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 done, 1 refused with a sentence on stderr, 2 wrong usage, 130 interrupted."""
    options = _parser().parse_args(arguments)
    try:
        config = EngineConfig(device=options.device, dtype=options.dtype, max_batch_size=1)
        engine = Engine.load(options.folder, config)
        if options.command == "generate":
            print(_generate(engine, options))
        else:
            _print_scores(_score(engine, options.text))
    except EngineError as error:
        print(f"{error} [{error.code}]", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m inference_worker.engine", description=__doc__)
    model = argparse.ArgumentParser(add_help=False)
    model.add_argument("folder", type=Path, help="model folder, in Meta's layout or Hugging Face's")
    model.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N (default: %(default)s)")
    model.add_argument("--dtype", default="float32", choices=DTYPES, help="default: %(default)s")
    commands = parser.add_subparsers(dest="command", required=True)
    generate = commands.add_parser("generate", parents=[model], help="print a prompt and its continuation")
    generate.add_argument("prompt")
    generate.add_argument("--max-tokens", type=int, default=64, help="default: %(default)s")
    generate.add_argument("--temperature", type=float, default=0.0, help="0 is greedy (default: %(default)s)")
    generate.add_argument("--seed", type=int, help="makes a temperature above 0 repeatable")
    score = commands.add_parser("score", parents=[model], help="print the log-probability of each token")
    score.add_argument("text")
    return parser


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


if __name__ == "__main__":
    sys.exit(main())
