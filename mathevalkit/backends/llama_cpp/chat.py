"""Chat templates, rendered as the ``transformers`` library renders them.

llama.cpp's own endpoint strips a leading BOS, which then is neither in the prompt nor added by the
tokenizer; so the template that a GGUF file carries is rendered here. A template is a program that
came with the weights: it runs in Jinja2's sandbox, which lets it read its variables and nothing else.

Names a template may use: ``messages``, ``add_generation_prompt``, ``bos_token``, ``eos_token``,
``raise_exception(message)``, ``strftime_now(format)`` and the filter ``tojson``
(https://huggingface.co/docs/transformers/chat_templating_writing).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NoReturn

from mathevalkit.errors import RecipeError
from mathevalkit.types import Message


def render_chat(
    template: str, conversations: Sequence[Sequence[Message]], *, bos_token: str, eos_token: str
) -> list[str]:
    """The conversations as prompts, with the generation prompt appended.

    >>> template = "{{ bos_token }}{% for m in messages %}[{{ m.role }}] {{ m.content }} {% endfor %}"
    >>> render_chat(template, [[{"role": "user", "content": "1+1?"}]], bos_token="<s>", eos_token="</s>")
    ['<s>[user] 1+1? ']

    Raises RecipeError where the template refuses a conversation (a system turn, say) or is broken.
    """
    from jinja2 import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _refuse
    environment.globals["strftime_now"] = lambda layout: datetime.now().astimezone().strftime(layout)
    try:
        compiled = environment.from_string(template)
        return [
            compiled.render(
                messages=[dict(message) for message in conversation],
                add_generation_prompt=True,
                bos_token=bos_token,
                eos_token=eos_token,
            )
            for conversation in conversations
        ]
    except (TemplateError, TypeError, ValueError, KeyError, AttributeError, RecursionError) as error:
        raise RecipeError(f"the model's chat template refuses the conversation: {error}") from error


def _refuse(message: str) -> NoReturn:
    from jinja2 import TemplateError

    raise TemplateError(message)


def _to_json(value: Any, *, ensure_ascii: bool = False, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent)
