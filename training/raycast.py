"""Ray casting of textured triangle scenes with true depth, in numpy and Embree (package ``embreex``).

World frame: metres, z up. Camera frame of the depth: distance along the optical axis, metres.
"""

from __future__ import annotations

import numpy as np
from embreex import rtcore_scene
from embreex.mesh_construction import TriangleMesh
from scipy import ndimage

FAR = 1e6


class Palette:
    """All textures with their mip levels in one flat array, so that a lookup is one gather."""

    def __init__(self, textures):
        levels, count, size = [], len(textures), textures.shape[1]
        self.size, self.offsets, level = size, [], textures
        start = 0
        while level.shape[1] >= 4:
            self.offsets.append(start)
            start += count * level.shape[1] ** 2
            levels.append(level.reshape(-1, 3))
            even = level.astype(np.uint16)
            level = ((even[:, ::2, ::2] + even[:, 1::2, ::2] + even[:, ::2, 1::2] + even[:, 1::2, 1::2]) // 4).astype(
                np.uint8
            )
        self.texels, self.offsets = np.concatenate(levels), np.array(self.offsets)

    def sample(self, texture, uv, level, rng):
        """Colours 0..1 at uv (turns), one random texel of the four around it, at mip level `level`."""
        level = np.clip(level + rng.random(len(level)), 0, len(self.offsets) - 1).astype(int)
        size = self.size >> level
        xy = np.floor(uv * size[:, None] + rng.uniform(-0.5, 0.5, uv.shape)).astype(int) % size[:, None]
        return self.texels[self.offsets[level] + (texture * size + size - 1 - xy[:, 1]) * size + xy[:, 0]] / 255.0


class Mesh:
    """Triangles with materials, ready for rays.

    Parameters
    ----------
    triangles : (T, 3, 3) float32, metres
    uv : (T, 3, 2) float32, texture turns
    material : (T,) int, rows of `table`
    table : (M, 5) float32: red, green, blue 0..1, texture index or -1, share of the texture 0..1
    """

    def __init__(self, triangles, uv, material, table):
        self.triangles, self.uv, self.material, self.table = triangles, uv, material, table
        cross = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
        area = np.linalg.norm(cross, axis=1)
        self.normals = cross / np.maximum(area, 1e-12)[:, None]
        e1, e2 = uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]
        self.density = np.sqrt(np.abs(e1[:, 0] * e2[:, 1] - e1[:, 1] * e2[:, 0]) / np.maximum(area, 1e-9))
        self.scene = rtcore_scene.EmbreeScene()
        TriangleMesh(self.scene, np.ascontiguousarray(triangles, np.float32))

    def cast(self, origins, directions):
        return self.scene.run(origins.astype(np.float32), directions.astype(np.float32), output=1)

    def hits_within(self, origins, directions, reach):
        """True where something lies nearer than `reach` along the (unit) direction."""
        return self.scene.run(origins.astype(np.float32), directions.astype(np.float32), query="DISTANCE") < reach


def camera_rays(height, width, fov, yaw, pitch, roll, rng):
    """Directions (H * W, 3), of unit length along the optical axis, jittered inside each pixel.

    `fov` is horizontal, in radians; yaw turns left from +x, pitch looks up, roll turns the picture.
    """
    focal = width / 2 / np.tan(fov / 2)
    y, x = np.mgrid[0:height, 0:width] + rng.uniform(0.1, 0.9, (2, height, width))
    a, b = (x - width / 2) / focal, (height / 2 - y) / focal
    a, b = a * np.cos(roll) - b * np.sin(roll), a * np.sin(roll) + b * np.cos(roll)
    cy, sy, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    forward, right = np.array([cy * cp, sy * cp, sp]), np.array([sy, -cy, 0.0])
    up = np.array([-cy * sp, -sy * sp, cp])
    return (forward + a[..., None] * right + b[..., None] * up).reshape(-1, 3), focal


def _shade(mesh, points, normals, lights, ambient, shape, rng):
    """Light (P, 3) at surface points: ambient with occlusion, lights with one jittered shadow ray each."""
    start = points + normals * 2e-3
    random = rng.standard_normal(points.shape)
    random /= np.linalg.norm(random, axis=1, keepdims=True)
    around = normals + 0.98 * random
    around /= np.linalg.norm(around, axis=1, keepdims=True)
    open_ = 1.0 - mesh.hits_within(start, around, 0.7)
    open_ = ndimage.uniform_filter(open_.reshape(shape), 7).reshape(-1, 1)
    light = ambient * (0.25 + 0.75 * open_)
    for position, colour, power, soft in lights:
        to = position + rng.uniform(-soft, soft, points.shape) - points
        distance = np.linalg.norm(to, axis=1, keepdims=True)
        to /= distance
        facing = np.maximum((to * normals).sum(1, keepdims=True), 0)
        lit = 1.0 - mesh.hits_within(start, to, distance[:, 0])
        lit = ndimage.uniform_filter(lit.reshape(shape), 5 if soft > 0.05 else 1).reshape(-1, 1)
        light = light + colour * (facing * lit * power / (1 + (distance / 3.0) ** 2))
    return light


def render(mesh, palette, camera, lights, ambient, sky, shape, rng):
    """One view of a scene.

    Parameters
    ----------
    camera : tuple
        Position (3,) in metres, field of view, yaw, pitch, roll in radians.
    lights : list of (position (3,), colour (3,), power, softness in metres)
    ambient : (3,) float
    sky : callable
        Directions (P, 3) to colours (P, 3) 0..1, for rays that hit nothing.
    shape : (height, width) of the view in pixels

    Returns
    -------
    image : (H, W, 3) float, linear light
    depth : (H, W) float32, metres along the optical axis, inf for sky
    """
    position, fov, yaw, pitch, roll = camera
    rays, focal = camera_rays(*shape, fov, yaw, pitch, roll, rng)
    result = mesh.cast(np.broadcast_to(position, rays.shape), rays)
    hit = result["primID"] >= 0
    prim, depth = result["primID"][hit], np.where(hit, result["tfar"], np.inf)
    u, v, t, seen = result["u"][hit, None], result["v"][hit, None], depth[hit], rays[hit]
    corners = mesh.uv[prim]
    uv = corners[:, 0] * (1 - u - v) + corners[:, 1] * u + corners[:, 2] * v
    normals = mesh.normals[prim]
    unit = seen / np.linalg.norm(seen, axis=1, keepdims=True)
    cosine = (normals * unit).sum(1)
    normals = np.where(cosine[:, None] > 0, -normals, normals)
    material = mesh.table[mesh.material[prim]]
    texture = material[:, 3].astype(int)
    footprint = t / focal * mesh.density[prim] * palette.size / np.sqrt(np.maximum(np.abs(cosine), 0.05))
    level = np.log2(np.maximum(footprint, 1e-6)) - 0.5
    colour = material[:, :3].copy()
    on = texture >= 0
    share = material[on, 4:5]
    colour[on] *= 1 - share + share * palette.sample(texture[on], uv[on], level[on], rng) ** 2.0 * 1.6
    points = position + seen * t[:, None]
    # Shading works on a full frame, because occlusion is smoothed over neighbouring pixels.
    full_points, full_normals = np.full(rays.shape, FAR), np.tile([0.0, 0.0, 1.0], (len(rays), 1))
    full_points[hit], full_normals[hit] = points, normals
    light = _shade(mesh, full_points, full_normals, lights, ambient, shape, rng)[hit]
    image = np.empty(rays.shape)
    image[hit] = colour * light
    image[~hit] = sky(rays[~hit])
    return image.reshape(*shape, 3), depth.reshape(shape).astype(np.float32)
