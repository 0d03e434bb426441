"""Albers' equal-area conic projection of the lower 48 states.

Formulas: J. P. Snyder, Map Projections: A Working Manual, U.S. Geological Survey Professional
Paper 1395 (1987), pages 100-101, on the sphere. Standard parallels 29.5 and 45.5 degrees north,
origin 96 degrees west, 37.5 degrees north: those that the Survey uses for maps of the country.
Pure; lengths are in kilometers, x to the east, y to the south (as screens count).
"""

from __future__ import annotations

from math import cos, radians, sin, sqrt
from typing import Final

EARTH_RADIUS: Final = 6371.0
_PARALLELS: Final = (radians(29.5), radians(45.5))
_ORIGIN: Final = (radians(-96.0), radians(37.5))

_N: Final = (sin(_PARALLELS[0]) + sin(_PARALLELS[1])) / 2
_C: Final = cos(_PARALLELS[0]) ** 2 + 2 * _N * sin(_PARALLELS[0])
_RHO_0: Final = EARTH_RADIUS * sqrt(_C - 2 * _N * sin(_ORIGIN[1])) / _N


def project(longitude: float, latitude: float) -> tuple[float, float]:
    """Degrees to kilometers east and south of the origin."""
    rho = EARTH_RADIUS * sqrt(max(0.0, _C - 2 * _N * sin(radians(latitude)))) / _N
    theta = _N * (radians(longitude) - _ORIGIN[0])
    return rho * sin(theta), rho * cos(theta) - _RHO_0
