# SPDX-License-Identifier: Apache-2.0
"""From a robot's URDF to the text that PyBullet loads: meshes found, and light ones where possible."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from ami_ros.body.resources import resource
from ami_ros.body.urdf_checks import numbers, parse_urdf
from ami_ros.errors import EmbodimentError
from ami_ros.sim.world.light_mesh import face_limit, faces_of, light_mesh


def loadable_urdf(path: Path, detailed: bool) -> str:
    """Return a URDF's text with the absolute path of each mesh.

    Args:
        path: of the URDF.
        detailed: keep the visual meshes; else the link's collision mesh replaces one at the same place
            where its file is smaller, and meshes still too heavy are simplified.

    Raises:
        EmbodimentError: not a URDF that can be read, or a mesh is missing or cannot be read.
        OutputError: a simplified mesh cannot be kept.
    """
    try:
        root = parse_urdf(path)
    except ValueError as error:
        raise EmbodimentError(f"simulation urdf {path}: not a readable URDF: {error}") from error
    for link in root.iter("link"):
        for mesh in link.iter("mesh"):
            name = mesh.get("filename", "")
            try:
                mesh.set("filename", str(resource(name, path.parent)))
            except EmbodimentError as error:
                raise EmbodimentError(f"{path}: link {link.get('name')}: mesh {error}") from error
    if not detailed:
        try:
            _lighten(root)
        except ValueError as error:
            raise EmbodimentError(f"{path}: {error}") from error
    ElementTree.indent(root)  # PyBullet cuts lines off after some thousand characters
    return ElementTree.tostring(root, encoding="unicode")


def _lighten(root: ElementTree.Element) -> None:
    for link in root.iter("link"):
        for visual in link.iter("visual"):
            mesh, other = visual.find("geometry/mesh"), _collision_mesh(link, visual)
            if mesh is not None and other is not None:
                shown = Path(mesh.get("filename", ""))
                mesh.set("filename", str(min(shown, other, key=lambda path: path.stat().st_size)))
    shown_meshes = [mesh for visual in root.iter("visual") for mesh in visual.iterfind("geometry/mesh")]
    used = Counter(Path(mesh.get("filename", "")) for mesh in shown_meshes)
    faces = {path: faces_of(path) for path in used}
    limit = face_limit([faces[path] for path in used.elements()])
    for mesh in shown_meshes:
        path = Path(mesh.get("filename", ""))
        if faces[path] > limit:
            mesh.set("filename", str(light_mesh(path, limit)))


def _collision_mesh(link: ElementTree.Element, visual: ElementTree.Element) -> Path | None:
    """Return the only collision mesh of a link whose only visual is `visual`, where both lie alike."""
    collisions, visuals = link.findall("collision"), link.findall("visual")
    if len(collisions) != 1 or len(visuals) != 1:
        return None
    mesh = collisions[0].find("geometry/mesh")
    if mesh is None or _place(collisions[0]) != _place(visual):
        return None
    return Path(mesh.get("filename", ""))


def _place(shape: ElementTree.Element) -> tuple[tuple[float, ...], ...]:
    origin, mesh = shape.find("origin"), shape.find("geometry/mesh")
    ones, zeros = np.ones(3), np.zeros(3)
    places = (zeros, zeros) if origin is None else (numbers(origin, key, zeros) for key in ("xyz", "rpy"))
    scale = ones if mesh is None else numbers(mesh, "scale", ones)
    return tuple(tuple(values.tolist()) for values in (*places, scale))
