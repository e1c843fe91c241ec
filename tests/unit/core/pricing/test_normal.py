import subprocess
import sys

import numpy as np

from cream.core.pricing import normal


def test_the_far_tail_keeps_its_digits() -> None:
    assert np.isclose(normal.cdf(np.array([-30.0]))[0], 4.906713927148187e-198, rtol=1e-12, atol=0)


def test_the_quantile_inverts_the_distribution() -> None:
    x = np.linspace(-8.0, 5.0, 41)

    assert np.allclose(normal.quantile(normal.cdf(x)), x, rtol=1e-9)


def test_the_density_is_the_slope_of_the_distribution() -> None:
    x = np.linspace(-3.0, 3.0, 13)
    slope = (normal.cdf(x + 1e-5) - normal.cdf(x - 1e-5)) / 2e-5

    assert np.allclose(normal.density(x), slope, atol=1e-9)


def test_the_scaled_tail_and_the_error_function_agree_with_the_distribution() -> None:
    x = np.array([0.3, 2.0])

    assert np.allclose(normal.scaled_tail(x) * np.exp(-x * x), 2 * normal.cdf(-x * np.sqrt(2)))
    assert np.allclose(normal.inverse_error_function(2 * normal.cdf(x * np.sqrt(2)) - 1), x)


def test_starting_the_daemon_does_not_load_numpy() -> None:
    """Start-up time and idle memory are promised without it; whoever prices first, loads it."""
    program = "import sys, cream.daemon.root, cream.cli.main; print('numpy' in sys.modules)"

    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert run.stdout.strip() == b"False"
