"""Variables that name a file with the value: `A_TOKEN_FILE=/run/secrets/token`, as in Docker images.

A variable of the environment may name any file. A variable of a `.env` file may name any file for a `Secret`
field. For a field of another type, a variable of a `.env` file may only name a file below a folder of the
option `file_roots`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from toriconfig._core.origin import Origin
from toriconfig._core.problem import Code, Problem, Related
from toriconfig._core.tree import Layer, Node
from toriconfig.sources.read_file import read_file
from toriconfig.sources.secrets_dir import MAX_BYTES, value_of

if TYPE_CHECKING:
    from toriconfig._schema.options import PathLike


def content(
    node: Node,
    name: str,
    suffix: str,
    names: Mapping[str, Node],
    problems: list[Problem],
    roots: Sequence[PathLike] | None = None,
) -> Node | None:
    """Return a node with the content of the file that a variable names. Return None if the variable is empty.

    If the file cannot be read, or the same variable without the suffix is set too, add a problem and return None.

    Args:
        node: the value of the variable, which is the path of the file.
        name: the variable, without the prefix.
        suffix: the suffix of its name.
        names: all variables of the layer.
        problems: list to which problems are appended.
        roots: folders in which the file must be; None: any folder.
    """
    other = names.get(name[: -len(suffix)])
    if other is not None:
        problems.append(
            Problem(
                Code.DUPLICATE_VARIABLE,
                origin=node.origin,
                message=f"{node.origin} and {other.origin} set the same key",
                help="unset one of them",
                related=(Related(other.origin, "set here too"),),
            )
        )
        return None
    path = str(node.value)
    if not path:
        return None
    found = read_file(path, path, "secrets_dir", MAX_BYTES) if roots is None else _below(path, roots, node.origin)
    if found is None:
        found = Problem(
            Code.MISSING_FILE,
            origin=node.origin,
            message=f"the file that {node.origin} names does not exist",
            help=f"create the file, or set {node.origin} to the path of one",
        )
    if isinstance(found, Problem):
        problems.append(found)
        return None

    def locate(at: str | None) -> Origin:
        return Origin("secrets_dir", at or path)

    return Node(value_of(found), Layer("secrets_dir", path, locate, text=True), path)


def _below(path: str, roots: Sequence[PathLike], origin: Origin) -> bytes | Problem:
    from toriconfig._load.file_reference import read_under

    found = read_under(path, roots)
    if isinstance(found, Problem):
        return found.replaced(origin=origin, help=f"{found.help}, or set it in the environment")
    return f"{found}\n".encode()
