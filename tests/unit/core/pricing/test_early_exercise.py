import numpy as np

from cream.core.pricing.early_exercise import Standard, evaluate
from cream.core.pricing.exercise_boundary import REFERENCE, solve


def puts(spot: np.ndarray) -> Standard:
    ones = np.ones(spot.size)
    return Standard(spot, 0.05 * ones, 0.02 * ones, 0.25 * ones, ones)


def test_value_slope_and_curvature_belong_together() -> None:
    spot = np.linspace(0.75, 1.3, 111)
    standard = puts(spot)
    edges = solve(standard.rate, standard.carry, standard.sigma, standard.years, REFERENCE)
    found = evaluate(standard, edges, REFERENCE, derivatives=True)
    step = spot[1] - spot[0]
    held = ~found.exercised
    slope, bend = np.gradient(found.value, step), np.gradient(found.slope, step)
    inside = held & np.roll(held, 1) & np.roll(held, 2)
    inside[[0, -1]] = False

    assert np.allclose(found.slope[inside], slope[inside], atol=1e-3)
    assert np.allclose(found.curvature[inside], bend[inside], atol=3e-2)


def test_at_the_boundary_value_and_slope_pass_smoothly_into_exercise() -> None:
    edge = solve(*(np.array([x]) for x in (0.05, 0.02, 0.25, 1.0)), REFERENCE)
    standard = puts(edge.now * np.array([1.0 + 1e-6]))
    found = evaluate(standard, edge, REFERENCE, derivatives=True)

    assert np.isclose(found.value[0], 1.0 - standard.spot[0], atol=1e-7)
    assert np.isclose(found.slope[0], -1.0, atol=1e-4)


def test_below_the_boundary_it_is_exercised() -> None:
    edge = solve(*(np.array([x]) for x in (0.05, 0.02, 0.25, 1.0)), REFERENCE)
    found = evaluate(puts(edge.now * 0.9), edge, REFERENCE, derivatives=True)

    assert found.exercised.all()
    assert found.slope[0] == -1.0
    assert found.curvature[0] == 0.0
    assert np.isclose(found.value[0], 1.0 - 0.9 * edge.now[0])


def test_values_alone_are_the_same_values() -> None:
    standard = puts(np.linspace(0.8, 1.2, 9))
    edges = solve(standard.rate, standard.carry, standard.sigma, standard.years, REFERENCE)
    short = evaluate(standard, edges, REFERENCE, derivatives=False)

    assert short.slope.size == short.curvature.size == 0
    assert np.array_equal(short.value, evaluate(standard, edges, REFERENCE, derivatives=True).value)
