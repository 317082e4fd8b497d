"""What a run was made on, and which weights exactly: the parts of ModelInfo that no engine knows itself."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

WEIGHT_SUFFIXES = (".safetensors", ".bin", ".gguf", ".pt", ".pth", ".npz")
EDGE_BYTES = 1 << 20
"""How much of each end of a weight file goes into its fingerprint. Reading 140 GB would take minutes."""
PROBES, PROBE_BYTES = 64, 1 << 14
"""Blocks in between, evenly spaced: a merged adapter may leave both ends of a file as they were."""


def describe_host() -> dict[str, Any]:
    """Processor, cores this process may use, memory in GiB, NVIDIA GPUs; what cannot be found is left out."""
    host: dict[str, Any] = {"system": f"{platform.system()} {platform.machine()}", "cpu": _cpu_name()}
    host["cores"] = usable_cores()
    memory = physical_memory()
    if memory is not None:
        host["memory_gib"] = round(memory / 2**30, 1)
    gpus = _nvidia_gpus()
    if gpus:
        host["gpus"] = gpus
    return {key: value for key, value in host.items() if value}


def package_versions(*names: str) -> dict[str, str]:
    """Versions of those of the distributions that are installed."""
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def fingerprint_weights(path: Path) -> str:
    """SHA-256 over a weight file, or each in a directory: name, size, both ends, 64 blocks in between."""
    files = [path] if path.is_file() else sorted(p for p in path.iterdir() if p.suffix in WEIGHT_SUFFIXES)
    digest = hashlib.sha256()
    for file in files:
        size = file.stat().st_size
        digest.update(f"{file.name}\0{size}\0".encode())
        with file.open("rb") as stream:
            digest.update(stream.read(EDGE_BYTES))
            for probe in range(PROBES):
                stream.seek(size * probe // PROBES)
                digest.update(stream.read(PROBE_BYTES))
            stream.seek(max(0, size - EDGE_BYTES))
            digest.update(stream.read(EDGE_BYTES))
    return f"sha256:{digest.hexdigest()}"


def cached_hub_commit(repo: str, revision: str | None, file: str) -> str | None:
    """The commit hash under which the hub's local cache holds ``file`` of ``repo``, or None."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(repo, file, revision=revision)
    if not isinstance(found, str):
        return None
    parts = Path(found).parts
    return parts[parts.index("snapshots") + 1] if "snapshots" in parts else None


def usable_cores() -> int:
    """Cores this process may run on (a container or taskset may allow fewer than there are)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def physical_memory() -> int | None:
    """Bytes of memory: the machine's, or the container's limit where that is lower."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):  # Windows has no sysconf
        return None
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
    except OSError:
        return total
    return min(total, int(limit)) if limit.isdigit() else total


def free_memory() -> int:
    """Bytes that can be had without swapping; half of all where the system does not say."""
    try:
        text = Path("/proc/meminfo").read_text()
    except OSError:
        return (physical_memory() or 0) // 2
    found = re.search(r"^MemAvailable:\s+(\d+) kB", text, re.MULTILINE)
    available = int(found.group(1)) * 1024 if found else 0
    return min(available, physical_memory() or available)


def _cpu_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor()


def _nvidia_gpus() -> list[Mapping[str, str]]:
    query = ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    try:
        output = subprocess.run(  # noqa: S603 - a constant
            query, capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    rows = [[cell.strip() for cell in line.split(",")] for line in output.splitlines()]
    return [{"name": r[0], "memory": r[1], "driver": r[2]} for r in rows if len(r) == 3]
