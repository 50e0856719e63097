"""Random valid configs, made from the options themselves: whatever is added to a registry is drawn too."""

from __future__ import annotations

from types import NoneType
from typing import Any, Literal, get_args, get_origin

from hypothesis import strategies as st

from synthgrad.config import AnyOf, Auto, LayerSelection, NameOf, OneOf, Options, fields, sections
from synthgrad.experiment import Config
from synthgrad.tasks import TASKS


def trees() -> st.SearchStrategy[dict[str, Any]]:
    """Trees of plain data that are configs, but for what sections may have against one another."""
    return _section(Config).map(_fitting)


def _fitting(tree: dict[str, Any]) -> dict[str, Any]:
    """Leave out what could make more examples than pairs, batches larger than the data, weights too many, targets
    that contradict the rest."""
    task = tree["task"] = _small(tree["task"])
    values = TASKS[task["name"]].Options.model_validate(task).sizes().outputs == "values"
    tree.get("training", {}).pop("batch_size", None)
    tree.get("network", {}).pop("normalize", None)
    for trainer in (tree["trainer"], tree.get("branch", {}).get("trainer", {})):
        if values:
            trainer.pop("loss", None)
        trainer.get("generator", {}).pop("targets", None)
        for name in ("freeze", "delay", "interfaces"):
            trainer.pop(name, None)
        if trainer.keys() & {"schedule", "input_model"}:
            for name in ("generator", "lambda", "pipeline"):
                trainer.pop(name, None)
    if "branch" in tree:
        epochs = tree.setdefault("training", {}).setdefault("epochs", 1000)
        tree["training"]["epochs"] = max(epochs, tree["branch"]["epoch"] + 1)
        tree["branch"].pop("training", None)
    return tree


def _small(task: dict[str, Any]) -> dict[str, Any]:
    """The options of a task with few examples; only its name if they contradict each other or need much memory."""
    few = {"train_examples": 20, "test_examples": 7}
    task = {**task, **{key: few[key] for key in task.keys() & few.keys()}}
    options = TASKS[task["name"]].Options.model_validate(task)
    fits = not list(options.problems()) and options.sizes().n_x + options.sizes().n_y < 200
    return task if fits else {"name": task["name"]}


def _section(options: type[Options], **chosen: str) -> st.SearchStrategy[dict[str, Any]]:
    required: dict[str, Any] = {key: st.just(name) for key, name in chosen.items()}
    optional = {}
    for name, below in sections(options).items():
        field = fields(options)[name]
        if name not in chosen:
            (required if field.is_required() else optional)[name] = _field(field) if below is None else _below(below)
    return st.fixed_dictionaries(required, optional=optional)


def _below(section: Any) -> st.SearchStrategy[Any]:
    if not isinstance(section, OneOf):
        return _section(section)
    choices = {name: section.options(name) for name in section.registry}
    entries = st.one_of(
        [_section(options, **{section.key: name}) for name, options in choices.items() if not _reads(options)]
    )
    return entries | st.sampled_from(list(section.registry)) if section.shorthand else entries


def _reads(options: type[Options]) -> bool:
    """Whether these are options of a task that needs files."""
    return "path" in options.model_fields


def _is(field: Any, kind: Any) -> bool:
    return kind.__metadata__[0] in field.metadata


def _field(field: Any) -> st.SearchStrategy[Any]:
    inputs = next((mark for mark in field.metadata if isinstance(mark, AnyOf)), None)
    if inputs is not None:
        names = st.lists(st.sampled_from(list(inputs.registry)), min_size=1, unique=True)
        return names | st.sampled_from([*inputs.registry, *inputs.aliases])
    if _is(field, LayerSelection):
        return st.just("all") | st.lists(st.integers(1, 300), max_size=3, unique=True)
    if _is(field, Auto):
        return st.just("auto") | st.integers(0, 10**9)
    registry = next((mark.registry for mark in field.metadata if isinstance(mark, NameOf)), None)
    if registry is not None:
        return st.sampled_from(list(registry))
    if get_origin(field.annotation) is Literal:
        return st.sampled_from(get_args(field.annotation))
    if NoneType in get_args(field.annotation):
        kind, _ = _limits(get_args(field.annotation)[0])
        return st.none() | _number(kind, _collect(field.metadata))
    if field.annotation is bool:
        return st.booleans()
    if get_origin(field.annotation) is tuple:
        (kind, limits) = _limits(get_args(field.annotation)[0])
        return st.lists(_number(kind, {**limits, "le": 300} if kind is int else limits), max_size=3)
    return _number(field.annotation, _collect(field.metadata))


def _limits(annotated: Any) -> tuple[type, dict[str, Any]]:
    marks = [m for mark in annotated.__metadata__ for m in getattr(mark, "metadata", [mark])]
    return get_args(annotated)[0], _collect(marks)


def _collect(marks: Any) -> dict[str, Any]:
    return {name: getattr(mark, name) for mark in marks for name in ("ge", "gt", "le", "lt") if hasattr(mark, name)}


def _number(kind: type, limits: dict[str, Any]) -> st.SearchStrategy[Any]:
    low, high = limits.get("ge", limits.get("gt")), limits.get("le", limits.get("lt"))
    if kind is int:
        return st.integers(low, high - 1 if "lt" in limits else high)
    return st.floats(
        low, high, exclude_min="gt" in limits, exclude_max="lt" in limits, allow_nan=False, allow_infinity=False
    )
