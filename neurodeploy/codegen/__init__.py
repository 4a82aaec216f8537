"""Program -> C: renderings of a Plan."""

from neurodeploy.codegen.module import Rendering, render

__all__ = ["Rendering", "render"]
