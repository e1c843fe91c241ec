"""Every rule of the gate, in the order in which a verdict lists them: one file for each family."""

from cream.core.risk.checks.concentration import CONCENTRATION_RULES
from cream.core.risk.checks.day_trades import DAY_TRADE_RULES
from cream.core.risk.checks.exercise import EXERCISE_RULES
from cream.core.risk.checks.expiry import EXPIRY_RULES
from cream.core.risk.checks.losses import LOSS_RULES
from cream.core.risk.checks.money import MONEY_RULES
from cream.core.risk.checks.options import OPTION_RULES
from cream.core.risk.checks.plan import PLAN_RULES
from cream.core.risk.checks.portfolio import PORTFOLIO_RULES
from cream.core.risk.checks.price import PRICE_RULES, VenueRules
from cream.core.risk.checks.rate import RATE_RULES
from cream.core.risk.checks.sensitivities import LEAN_RULES
from cream.core.risk.checks.session import SESSION_RULES
from cream.core.risk.checks.size import SIZE_RULES
from cream.core.risk.checks.stops import STOP_RULES
from cream.core.risk.rule import Rule

# Last, because it keeps quiet about a field that another rule has refused.
VENUE_RULES = VenueRules()

ALL_RULES: tuple[Rule, ...] = (
    *PLAN_RULES,
    *RATE_RULES,
    *SESSION_RULES,
    *SIZE_RULES,
    *PRICE_RULES,
    *STOP_RULES,
    *OPTION_RULES,
    *EXPIRY_RULES,
    *EXERCISE_RULES,
    *LEAN_RULES,
    *PORTFOLIO_RULES,
    *CONCENTRATION_RULES,
    *LOSS_RULES,
    *MONEY_RULES,
    *DAY_TRADE_RULES,
    VENUE_RULES,
)
