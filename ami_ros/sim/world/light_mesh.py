# SPDX-License-Identifier: Apache-2.0
"""Meshes with fewer faces: they make frames cheap, while a robot's own meshes are made for close-ups."""

from __future__ import annotations

import hashlib
import io
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ami_ros.body.xml_file import parse_xml
from ami_ros.errors import EmbodimentError, OutputError
from ami_ros.system.whole_file import write_whole

# All faces of a robot together: up to this, PyBullet draws 128 x 128 pixels in under 3 ms on one core.
FACES = 3600
CELLS = (96, 64, 48, 32, 24, 16, 12, 8, 6, 4)  # of a grid along the diagonal of a mesh
END = 0.1  # of the diagonal: a mesh shortened by more has another shape
MATERIALS = {"library_effects", "library_materials", "library_images", "bind_material"}  # elements of COLLADA
VERSION = b"3"  # of the mesh processing; a new one rebuilds all meshes


def face_limit(faces: Sequence[int]) -> int:
    """Return how many faces each mesh of a robot may have, for a total of at most FACES."""
    left, most = FACES, max(faces, default=0)
    for index, count in enumerate(sorted(faces)):
        share = left // (len(faces) - index)
        if count > share:
            return max(share, 4)
        left -= count
    return most


def faces_of(path: Path) -> int:
    """Return how many triangles a mesh has. Raises EmbodimentError: not a mesh that can be read."""
    return len(_read(path).faces)


def light_mesh(path: Path, faces: int) -> Path:
    """Return an OBJ file of the same shape with about `faces` triangles, from the cache if it is there.

    The cache is keyed by content, so a changed mesh is simplified again. Damaged or foreign cache files are
    also rebuilt.

    Raises:
        EmbodimentError: not a mesh that can be read.
        OutputError: the cache cannot be written; set XDG_CACHE_HOME to a folder that can.
    """
    content = path.read_bytes()
    digest = hashlib.sha256(VERSION + faces.to_bytes(8, "little") + content).hexdigest()
    cached = _cache() / f"{digest}.obj"
    if not _is_whole(cached):
        mesh = _read(path)
        # Along a sharp edge, files have each vertex twice, with two normals. Cut there, a mesh would be
        # simplified into shards.
        mesh.merge_vertices(merge_tex=True, merge_norm=True)
        light = mesh.simplify_quadric_decimation(face_count=faces) if len(mesh.faces) > faces else mesh
        # It keeps every hole and every loose part, and with many of them it may lose an end.
        if _lost_an_end(light, mesh):
            light = _without_holes(mesh, faces)
        elif len(light.faces) > faces:
            light = _without_holes(light, faces)
        text = light.export(file_type="obj", include_normals=False, digits=6).encode()
        _remove_other(cached)
        write_whole(cached, _seal(text) + text)
    return cached


def _remove_other(path: Path) -> None:
    """Remove anything but a file: writing through a link changes its target. Raises OutputError: it stays."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            path.unlink()
    except FileNotFoundError:
        pass
    except OSError as error:
        expected = "set XDG_CACHE_HOME to a folder of your own"
        raise OutputError(
            f"{path}: is not a file and was left alone ({error.strerror}); {expected}"
        ) from error


def _is_whole(cached: Path) -> bool:
    """Return whether a file exists as written: ours, no link, and to the last byte."""
    try:
        file = os.open(cached, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    with os.fdopen(file, "rb") as opened:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
            return False
        seal, text = opened.read(len(_seal(b""))), opened.read()
    return seal == _seal(text)


def _seal(text: bytes) -> bytes:
    """Return the first line of a file with `text`, a comment in OBJ."""
    return f"# SHA-256 {hashlib.sha256(text).hexdigest()}\n".encode()


def _lost_an_end(light: Any, mesh: Any) -> bool:
    return bool(abs(light.bounds - mesh.bounds).max() > END * mesh.scale)


def _without_holes(mesh: Any, faces: int) -> Any:
    """Return a mesh of at most `faces` triangles: on the finest grid that allows it.

    The grid closes holes and joins loose parts, so that the result can be simplified like other meshes.

    Source: Rossignac and Borrel, "Multi-resolution 3D approximations for rendering complex scenes" (1993).
    """
    import trimesh

    for cells in CELLS:
        size = mesh.scale / cells
        coarse: Any = trimesh.Trimesh(
            (mesh.vertices / size).round() * size, mesh.faces
        )  # merges equal vertices
        coarse.update_faces(coarse.nondegenerate_faces() & coarse.unique_faces())
        if len(coarse.faces) > faces:
            coarse = coarse.simplify_quadric_decimation(face_count=faces)
        if 0 < len(coarse.faces) <= faces and not _lost_an_end(coarse, mesh):
            return coarse
    return trimesh.creation.box(bounds=mesh.bounds)


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ami_ros" / "meshes"


def _read(path: Path) -> Any:
    import trimesh  # only here: a robot with light or no meshes needs no library

    try:
        kind = path.suffix[1:].lower()
        source = io.BytesIO(_shape_alone(path)) if kind == "dae" else path
        mesh: Any = trimesh.load(source, file_type=kind, force="mesh", skip_materials=True)
        if not len(mesh.faces):
            raise ValueError("it has no faces")
    except Exception as error:  # its readers raise any error on a broken file
        raise EmbodimentError(
            f"mesh {path}: cannot be read: {error}; expected STL, OBJ or DAE with faces"
        ) from error
    return mesh


def _shape_alone(path: Path) -> bytes:
    """Return a COLLADA file without materials: a broken material hides all faces from its reader."""
    root = parse_xml(path)
    for parent in list(root.iter()):
        for child in [child for child in parent if child.tag.rpartition("}")[2] in MATERIALS]:
            parent.remove(child)
    return ElementTree.tostring(root)
