"""QuantLib's converged American prices, and European ones with the same dates."""

import QuantLib as ql  # noqa: N813

_TODAY = ql.Date(2, 1, 2025)
_DAYS = ql.Actual365Fixed()


def american_price(
    sign: float,
    spot: float,
    strike: float,
    rate: float,
    carry: float,
    days: int,
    sigma: float,
) -> float:
    """By the integral equation with tanh-sinh quadrature, resolved until nothing moves."""
    ql.Settings.instance().evaluationDate = _TODAY
    process = ql.BlackScholesMertonProcess(
        ql.QuoteHandle(ql.SimpleQuote(spot)),
        ql.YieldTermStructureHandle(ql.FlatForward(_TODAY, carry, _DAYS)),
        ql.YieldTermStructureHandle(ql.FlatForward(_TODAY, rate, _DAYS)),
        ql.BlackVolTermStructureHandle(
            ql.BlackConstantVol(_TODAY, ql.NullCalendar(), sigma, _DAYS)
        ),
    )
    kind = ql.Option.Call if sign > 0 else ql.Option.Put
    option = ql.VanillaOption(
        ql.PlainVanillaPayoff(kind, strike), ql.AmericanExercise(_TODAY, _TODAY + int(days))
    )
    scheme = ql.QdFpTanhSinhIterationScheme(40, 32, 1e-10)
    option.setPricingEngine(ql.QdFpAmericanEngine(process, scheme, ql.QdFpAmericanEngine.FP_B))
    return float(option.NPV())
