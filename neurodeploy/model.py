"""Reference networks: what a package registers under ``neurodeploy.models``, and their discovery."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from neurodeploy.errors import InputError, choices
from neurodeploy.extras import missing_extra
from neurodeploy.host import Host
from neurodeploy.html import fragment, html_table
from neurodeploy.network.network import Network
from neurodeploy.plugin import load_plugin, plugin_names, registered
from neurodeploy.stimulus import Stimulus

GROUP = "neurodeploy.models"
Config = Mapping[str, Any]
Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class ReferenceModel:
    """A network that can be built by name.

    - ``presets``: named configurations, JSON-able, the first is the default; each holds ``input``
      (``{"shape", "low", "high", "dt", "grid"}``).
    - ``build(config)``: the PyTorch module, in evaluation mode.
    - ``stimulus(config, steps, samples, seed)``: what it is shown, with labels where they are known.
    - ``network(module, config)``: its NIR graph and contract; None where the module is a chain of known layers.
    - ``run(module, config, stimulus)``: the module itself on ``(B, T, *shape)`` arrays; node name -> ``(B, T, *shape)``
      for every node of the network that has an entry in a trace; None likewise.
    - ``host``: what stands beside such a chain on the host.
    - ``check_stimulus``: like ``stimulus``, what ``check`` shows it by default, where the task alone exercises too
      little of it; None: ``stimulus``.
    """

    name: str
    summary: str
    presets: Mapping[str, Config]
    build: Callable[[Config], Any]
    stimulus: Callable[[Config, int | None, int | None, int], Stimulus]
    network: Callable[[Any, Config], Network] | None = None
    run: Callable[[Any, Config, Arrays], Arrays] | None = None
    host: Host | None = None
    check_stimulus: Callable[[Config, int | None, int | None, int], Stimulus] | None = None

    def preset(self, name: str | None) -> Config:
        """A named configuration; the first without a name. Raises InputError for an unknown one."""
        chosen = next(iter(self.presets)) if name is None else name
        if chosen not in self.presets:
            raise InputError(f"model {self.name} has no preset {chosen!r}", remedy=choices(chosen, self.presets))
        return self.presets[chosen]

    def __repr__(self) -> str:
        return f"ReferenceModel {self.name}: {self.summary}\n  presets: {', '.join(self.presets)}"

    def _repr_html_(self) -> str:
        rows = [
            (name, ", ".join(f"{key}={value}" for key, value in self.presets[name].items())) for name in self.presets
        ]
        title = f"reference network {self.name}: {self.summary}"
        return fragment(html_table(title, ("preset", "configuration"), rows))


def installed_models() -> dict[str, ReferenceModel | str]:
    """Every registered model by name, or the reason why it cannot be imported."""
    return {name: _load(name) for name in plugin_names(GROUP)}


def find_model(name: str, where: str = "model") -> ReferenceModel:
    """The model that ``where`` names. Raises InputError for an unknown one, UnavailableError for one without import."""
    if name not in plugin_names(GROUP):
        raise InputError(f"unknown model {name!r}", where, choices(name, plugin_names(GROUP)))
    model = _load(name)
    if isinstance(model, str):
        raise missing_extra("torch", model, f"model {name}")
    return model


def _load(name: str) -> ReferenceModel | str:
    entry = registered(GROUP, name)
    return entry if isinstance(entry, str) else load_plugin(entry, ReferenceModel)
