"""Random scenes of furniture, boxes, walls and ground for `rooms.py`; metres, z up."""

from __future__ import annotations

import numpy as np
from raycast import Mesh

LARGE = ("Vehicles", "Exterior", "Living room", "Office", "Kitchen")


class Builder:
    """Collects triangles and materials of one scene."""

    def __init__(self, assets, rng):
        self.assets, self.rng = assets, rng
        self.parts, self.table = [], []
        self.people = [p for p in assets["pieces"] if p["category"] == "Characters"]
        self.large = [p for p in assets["pieces"] if p["category"] in LARGE and 0.6 < p["size"].max() < 5]
        self.small = [p for p in assets["pieces"] if p["size"].max() < 0.6]

    def material(self, plain=0.35):
        """A new random material: plain, a pattern, or a crop of a photo; returns its row."""
        rng = self.rng
        colour = rng.uniform(0.05, 0.95) * (1 - rng.uniform(0, 0.6) * rng.random(3) ** 1.5)
        texture, share = -1, 0.0
        if rng.random() > plain:
            texture = rng.choice(self.assets["crops"] if rng.random() < 0.5 else self.assets["patterns"])
            share = rng.uniform(0.3, 1)
            colour = colour * 0.5 + 0.5 if rng.random() < 0.6 else colour
        self.table.append((*colour, texture, share))
        return len(self.table) - 1

    def add(self, triangles, uv, material):
        self.parts.append((np.asarray(triangles, np.float32), np.asarray(uv, np.float32), np.asarray(material)))

    def quad(self, corner, first, second, material, scale=None):
        corner, first, second = (np.asarray(a, float) for a in (corner, first, second))
        scale = scale or self.rng.uniform(0.6, 4)
        a, b = np.linalg.norm(first) / scale, np.linalg.norm(second) / scale
        p = [corner, corner + first, corner + first + second, corner + second]
        t = np.array([(0, 0), (a, 0), (a, b), (0, b)]) + self.rng.random(2)
        self.add([p[:3], [p[0], p[2], p[3]]], [t[:3], t[[0, 2, 3]]], [material] * 2)

    def box(self, centre, size, yaw=0.0, material=None):
        """A box standing on centre[2]."""
        material = self.material() if material is None else material
        c, s = np.cos(yaw), np.sin(yaw)
        x, y, z = np.array([c, s, 0]) * size[0], np.array([-s, c, 0]) * size[1], np.array([0, 0, size[2]])
        o = np.asarray(centre, float) - x / 2 - y / 2
        scale = self.rng.uniform(0.3, 1.5) * max(size)
        for corner, a, b in ((o, x, z), (o + x, y, z), (o + x + y, -x, z), (o + y, -y, z), (o + z, x, y), (o, x, y)):
            self.quad(corner, a, b, material, scale)

    def piece(self, piece, position, yaw=0.0, scale=1.0):
        rng, base = self.rng, len(self.table)
        c, s = np.cos(yaw) * scale, np.sin(yaw) * scale
        turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, scale]])
        tint = rng.uniform(0.6, 1.2) * rng.uniform(0.8, 1.2, 3)
        other = rng.random() < 0.35
        for red, green, blue, texture in piece["table"]:
            if texture < 0 and (other and rng.random() < 0.6):
                self.material(plain=0.5)
                continue
            colour = np.clip(np.array([red, green, blue]) * tint + 0.02, 0, 1) if texture < 0 else tint * 0.8
            self.table.append((*colour, texture, 1.0))
        self.add(piece["triangles"] @ turn.T + position, piece["uv"], piece["material"] + base)

    def any_piece(self):
        pieces = self.assets["pieces"]
        return pieces[self.rng.integers(len(pieces))]

    def mesh(self):
        triangles, uv, material = (np.concatenate(p) for p in zip(*self.parts, strict=True))
        return Mesh(triangles, uv, material, np.array(self.table, np.float32))

    # -- things to put into a scene --------------------------------------------------------------

    def scatter(self, low, high, count, boxes=0.2, floor=0.0, piles=0.3, scale=(1, 1)):
        """Furniture and boxes on the floor of a rectangle, some against its edges, things piled on top."""
        rng, taken = self.rng, []
        low, high = np.asarray(low, float), np.asarray(high, float)
        for _ in range(count):
            is_box, piece = rng.random() < boxes, self.any_piece()
            size = rng.uniform(0.15, 1.6, 3) if is_box else piece["size"] * rng.uniform(*scale)
            spot = rng.uniform(low, high)
            if rng.random() < 0.55:  # against an edge
                axis, side = rng.integers(2), rng.integers(2)
                spot[axis] = (low, high)[side][axis] + (1, -1)[side] * min(size[:2]) / 2
            radius = 0.3 * np.hypot(*size[:2])
            if any(np.hypot(*(spot - q)) < radius + r for q, r in taken) or radius > min(high - low) * 0.45:
                continue
            taken.append((spot, radius))
            yaw = rng.integers(4) * np.pi / 2 if rng.random() < 0.6 else rng.uniform(0, 2 * np.pi)
            height = piece["elevation"] if not is_box and rng.random() < 0.5 else 0
            if is_box:
                self.box((*spot, floor), size, yaw)
            else:
                self.piece(piece, (*spot, floor + height), yaw, size[0] / piece["size"][0])
            while rng.random() < piles and size[2] < 1.5:
                item = self.small[rng.integers(len(self.small))]
                offset = rng.uniform(-0.25, 0.25, 2) * min(size[:2])
                self.piece(item, (*(spot + offset), floor + height + size[2]), rng.uniform(0, 6.3))

    def pictures(self, low, high, height, count):
        """Flat pictures, windows, panels and shelves on the walls of a rectangle."""
        rng = self.rng
        for _ in range(count):
            axis, side = rng.integers(2), rng.integers(2)
            size, z = rng.uniform(0.25, 1.8, 2), rng.uniform(0.2, max(height - 1, 0.4))
            along = rng.uniform(low[1 - axis], high[1 - axis])
            wall = (low, high)[side][axis]
            depth = rng.uniform(0.01, 0.06) if rng.random() < 0.6 else rng.uniform(0.1, 0.45)
            centre = np.zeros(3)
            centre[axis], centre[1 - axis], centre[2] = wall + (1, -1)[side] * depth / 2, along, z
            extent = np.zeros(3)
            extent[axis], extent[1 - axis], extent[2] = depth, size[0], size[1] if rng.random() < 0.7 else 0.04
            self.box(centre, extent, 0, self.material(plain=0.2))
            for _ in range(rng.integers(0, 5) if depth > 0.1 else 0):
                item, spot = self.small[rng.integers(len(self.small))], centre.copy()
                spot[1 - axis] += rng.uniform(-0.5, 0.5) * size[0]
                spot[2] += extent[2]
                self.piece(item, spot, rng.uniform(0, 6.3))

    def hall(self, low, high, height, ceiling=True, walls=(1, 1, 1, 1)):
        (x0, y0), (x1, y1) = low, high
        same = self.material(0.6)
        sides = ((x0, y0, x1 - x0, 0), (x1, y0, 0, y1 - y0), (x1, y1, x0 - x1, 0), (x0, y1, 0, y0 - y1))
        for keep, (x, y, dx, dy) in zip(walls, sides, strict=True):
            if keep:
                part = 1.0 if keep == 1 else keep  # a share of the wall leaves a doorway
                row = same if self.rng.random() < 0.7 else self.material(0.4)
                self.quad((x, y, 0), (dx * part, dy * part, 0), (0, 0, height), row)
        self.quad((x0, y0, 0), (x1 - x0, 0, 0), (0, y1 - y0, 0), self.material(0.25))
        if ceiling:
            self.quad((x0, y0, height), (x1 - x0, 0, 0), (0, y1 - y0, 0), self.material(0.8))

    def hanging(self, low, high, height, count):
        for _ in range(count):
            spot, size = self.rng.uniform(low, high), self.rng.uniform(0.05, 0.7, 3)
            z = height - size[2] - self.rng.uniform(0, 0.6) * (self.rng.random() < 0.5)
            if self.rng.random() < 0.5:
                self.box((*spot, z), size, self.rng.uniform(0, 6.3))
            else:
                piece = self.any_piece()
                self.piece(piece, (*spot, max(height - piece["size"][2] - 0.05, 0.5)), self.rng.uniform(0, 6.3))

    def ground(self, extent, bumps, rise):
        """A wavy ground that may rise towards the horizon."""
        rng, n = self.rng, 48
        axis = np.sign(np.linspace(-1, 1, n)) * np.abs(np.linspace(-1, 1, n)) ** 2.5 * extent
        x, y = np.meshgrid(axis, axis, indexing="ij")
        far, z = np.hypot(x, y), np.zeros_like(x)
        for _ in range(6):
            k = rng.normal(0, 1, 2) / rng.uniform(2, 40)
            z += (
                np.sin(x * k[0] + y * k[1] + rng.uniform(0, 6.3))
                * np.minimum(far / 30, 1)
                * bumps
                * rng.uniform(0.2, 1)
            )
        z += rise * np.maximum(far - 25, 0) * (0.6 + 0.4 * np.sin(np.arctan2(y, x) * rng.integers(1, 6)))
        z -= z[n // 2, n // 2] * np.exp(-((far / 5) ** 2))
        p = np.stack([x, y, z], -1)
        a, b, c, d = p[:-1, :-1], p[1:, :-1], p[1:, 1:], p[:-1, 1:]
        triangles = np.concatenate(
            [np.stack([a, b, c], -2).reshape(-1, 3, 3), np.stack([a, c, d], -2).reshape(-1, 3, 3)]
        )
        self.add(triangles, triangles[..., :2] / rng.uniform(0.7, 5), [self.material(0.05)] * len(triangles))
