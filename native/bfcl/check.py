"""Scores calls with the checker of the package bfcl-eval, unchanged.

The first line of output is the version and the folder of the package's data. Then each line of input, a JSON object with
`category`, `functions`, `answer` and `calls` ([{name: arguments}]), has one line of output: `right`, and for a wrong row
`error` (the checker's error_type) and `detail` (its words).

The checker imports a table of all models of the leaderboard and with it the clients of their vendors, which are not
installed. It reads one thing there: whether a model's interface forbids dots in names. Ours shows the names as they are.
"""

import importlib.metadata
import json
import signal
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

MODEL_TABLE = "bfcl_eval.constants.model_config"


class NamesAsTheyAre(dict[str, SimpleNamespace]):
    def __missing__(self, model: str) -> SimpleNamespace:
        return SimpleNamespace(underscore_to_dot=False)


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole terminal; the rows in flight are still to be marked
    table = ModuleType(MODEL_TABLE)
    table.MODEL_CONFIG_MAPPING = NamesAsTheyAre()  # type: ignore[attr-defined]
    sys.modules[MODEL_TABLE] = table
    # late: they import the table
    import bfcl_eval
    from bfcl_eval.constants.enums import Language
    from bfcl_eval.eval_checker.ast_eval.ast_checker import ast_checker

    def check(row: dict[str, Any]) -> dict[str, Any]:
        try:
            found = ast_checker(row["functions"], row["calls"], row["answer"], Language.PYTHON, row["category"], "playact")
        except Exception as error:  # arguments of a kind that the checker does not expect
            return {"right": False, "error": "checker_failed", "detail": f"{type(error).__name__}: {error}"}
        if found["valid"]:
            return {"right": True}
        return {"right": False, "error": str(found.get("error_type", "unknown")), "detail": str(found.get("error", ""))}

    data = Path(bfcl_eval.__file__).parent / "data"
    say({"version": importlib.metadata.version("bfcl-eval"), "data": str(data)})
    for line in sys.stdin:
        say(check(json.loads(line)))


def say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


main()
