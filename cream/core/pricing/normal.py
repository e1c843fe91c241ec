"""How is the normal distribution evaluated over whole arrays?

The one door to SciPy's special functions, whose stubs say nothing: behind it everything is typed.
Importing this module loads NumPy and SciPy (about 50 MB and a third of a second), so the daemon
imports it only when something is to be priced.
"""

from typing import TypeAlias, cast

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]
Codes: TypeAlias = NDArray[np.int8]

ROOT_2 = float(np.sqrt(2.0))
ROOT_2_PI = float(np.sqrt(2.0 * np.pi))


def cdf(x: Floats) -> Floats:
    """The probability below `x`, to full relative precision in the lower tail."""
    return cast(Floats, special.ndtr(x))


def quantile(probability: Floats) -> Floats:
    """The inverse of `cdf`."""
    return cast(Floats, special.ndtri(probability))


def density(x: Floats) -> Floats:
    """The density at `x`."""
    return np.exp(-0.5 * x * x) / ROOT_2_PI


def scaled_tail(x: Floats) -> Floats:
    """exp(x^2) erfc(x): the tail without its vanishing factor."""
    return cast(Floats, special.erfcx(x))


def inverse_error_function(x: Floats) -> Floats:
    """The inverse of erf."""
    return cast(Floats, special.erfinv(x))
