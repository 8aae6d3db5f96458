"""The learner's state as a folder: written once, durable when `save` returns, restored bit for bit.

    peft/adapter_model.safetensors, peft/adapter_config.json   loadable by peft.PeftModel.from_pretrained
    optimizer.safetensors                                      AdamW moments and step by parameter name
    adapter-<first 16 hex digits of its sha256>.gguf           for llama.cpp
    state.json                                                 counters, RNG, versions, sha256 of the others; written last

Only safetensors and JSON are read, never a pickle. The store does manifest, renaming and pruning of checkpoints.
"""

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import peft
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from .export import write_gguf
from .fault import Fault
from .policy import Policy
from .protocol import VERSION


def save(policy: Policy, optimizer: torch.optim.Optimizer, updates: int, folder: Path) -> tuple[str, dict[str, str]]:
    """Writes everything. Returns the GGUF's name in the folder and sha256 by file name, in hex."""
    if (folder / "state.json").exists():
        raise Fault("bad_request", f"{folder} contains an older save: use a new folder for each save")
    (folder / "peft").mkdir(parents=True, exist_ok=True)
    adapter = peft.get_peft_model_state_dict(policy.model, save_embedding_layers=False)
    save_file({name: t.detach().cpu().contiguous() for name, t in adapter.items()}, folder / "peft/adapter_model.safetensors")
    _write_json(folder / "peft/adapter_config.json", _adapter_config(policy))
    save_file(_moments(policy, optimizer), folder / "optimizer.safetensors")
    draft = folder / "adapter.gguf"
    write_gguf(policy, draft)
    gguf = draft.rename(folder / f"adapter-{_sha256(draft)[:16]}.gguf")
    files = _hashes(folder)
    _write_json(folder / "state.json", _state(policy, updates) | {"files": files})
    files["state.json"] = _sha256(folder / "state.json")
    for path in [*(folder / name for name in files), folder / "peft", folder, folder.parent]:
        _sync(path)
    return gguf.name, files


def restore(policy: Policy, optimizer: torch.optim.Optimizer, folder: Path) -> int:
    """Restores a save's adapter, moments and RNG; returns its number of updates. Changes nothing if it raises."""
    try:
        state: dict[str, Any] = json.loads((folder / "state.json").read_text())
        _check_files(folder, state["files"])
        adapter = load_file(folder / "peft/adapter_model.safetensors")
        moments = load_file(folder / "optimizer.safetensors")
        updates, rng = int(state["updates"]), _decoded(state["rng"])
    except Exception as error:
        raise Fault("bad_request", f"{folder} cannot be restored: {error}") from error
    for key, mine in _state(policy, 0)["made_for"].items():
        theirs = state.get("made_for", {}).get(key)
        if theirs != mine:
            raise Fault("bad_request", f"{folder} was saved with {key} {theirs}, but the learner was opened with {mine}")
    expected = peft.get_peft_model_state_dict(policy.model, save_embedding_layers=False)
    if {n: t.shape for n, t in adapter.items()} != {n: t.shape for n, t in expected.items()}:
        raise Fault("bad_request", f"the adapter in {folder} has different tensors than this model")
    peft.set_peft_model_state_dict(policy.model, adapter)
    optimizer.load_state_dict({"state": _by_number(policy, moments), "param_groups": optimizer.state_dict()["param_groups"]})
    _set_rng(policy.device, rng)
    return updates


def _hashes(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): _sha256(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def _check_files(folder: Path, expected: dict[str, str]) -> None:
    """Every file is as it was written; what a user put beside them is not read. The hash of state.json is in the loop's store."""
    wrong = sorted(name for name, sha in expected.items() if not (folder / name).is_file() or _sha256(folder / name) != sha)
    if wrong:
        raise ValueError(f"{', '.join(wrong)} changed or disappeared since it was saved (sha256)")


def _rng(device: torch.device) -> dict[str, str]:
    """States of the generators. Dropout is 0, so nothing draws from them now; an exact restore must not depend on that."""
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    return {name: base64.b64encode(bytes(state.numpy())).decode() for name, state in states.items()}


def _decoded(states: dict[str, str]) -> dict[str, Tensor]:
    return {name: torch.frombuffer(bytearray(base64.b64decode(text)), dtype=torch.uint8) for name, text in states.items()}


def _set_rng(device: torch.device, states: dict[str, Tensor]) -> None:
    torch.set_rng_state(states["cpu"])
    if device.type == "cuda" and "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"], device)


def _moments(policy: Policy, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """What AdamW keeps of each parameter."""
    return {
        f"{name}.{key}": value.detach().cpu().contiguous()
        for name, parameter in policy.adapter().items()
        if parameter in optimizer.state
        for key, value in optimizer.state[parameter].items()
    }


def _by_number(policy: Policy, moments: dict[str, Tensor]) -> dict[int, dict[str, Tensor]]:
    """The moments in the form of torch's load_state_dict, which moves each to its device."""
    state: dict[int, dict[str, Tensor]] = {}
    for number, name in enumerate(policy.adapter()):
        mine = {key.removeprefix(f"{name}."): value for key, value in moments.items() if key.startswith(f"{name}.")}
        if mine:
            state[number] = mine
    return state


def _state(policy: Policy, updates: int) -> dict[str, Any]:
    return {
        "updates": updates,
        "rng": _rng(policy.device),
        "protocol": VERSION,
        "torch": torch.__version__,
        "dtype": str(policy.dtype).removeprefix("torch."),
        "made_for": {"rank": policy.lora.rank, "alpha": policy.lora.alpha},  # the loop compares the model files
    }


def _adapter_config(policy: Policy) -> dict[str, Any]:
    config = dict(policy.model.peft_config["default"].to_dict())
    config |= {"base_model_name_or_path": policy.base, "inference_mode": True}
    return {key: sorted(value) if isinstance(value, set) else value for key, value in config.items()}


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
