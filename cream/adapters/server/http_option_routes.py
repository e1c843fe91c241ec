"""Which routes are about options that are held: what would be rolled, and what is exercised?"""

from decimal import Decimal

from quart import Quart, Response, g
from quart_schema import document_response

from cream.adapters.server import json_bodies as bodies
from cream.adapters.server import json_holdings_risk_types as risks
from cream.adapters.server import json_roll_types as rolling
from cream.adapters.server import json_state_types as api
from cream.adapters.server.holdings_risk_views import holdings_risk_view
from cream.adapters.server.http_replies import json_body, reply
from cream.adapters.server.http_site import Site
from cream.adapters.server.json_reader import ObjectReader
from cream.adapters.server.openapi import document_request
from cream.adapters.server.option_instructions import MOST_CONTRACTS
from cream.adapters.server.problems import Problems
from cream.adapters.server.roll_views import rolls_view, under_way_view
from cream.adapters.server.strict_json import decode
from cream.adapters.server.values import LONGEST_IDENTIFIER
from cream.core.execution.option_book import ExerciseState
from cream.core.model.instrument import OptionContract
from cream.core.options.occ import parse_occ


def add_option_routes(app: Quart, site: Site) -> None:
    """Add the routes."""
    operations = site.operations

    @app.get("/v1/options/rolls")
    @document_response(rolling.OptionRolls)
    async def option_rolls() -> Response:
        """What would be rolled now of the options that are held, and why not otherwise."""
        return reply(rolls_view(await operations.option_rolls()))

    @app.post("/v1/options/rolls")
    @document_request(bodies.RollBody)
    @document_response(rolling.OptionRollUnderWay)
    async def roll_now() -> Response:
        """Begin to roll one position now, whatever its triggers say, if the gate lets it pass."""
        contract, _ = exercise_request(await json_body(), ("symbol",))
        return reply(under_way_view(await operations.roll_now(contract.symbol, g.actor)))

    @app.get("/v1/options/risk")
    @document_response(risks.HoldingsRisk)
    async def holdings_risk() -> Response:
        """Greeks of everything that is held, and which of the options sold may be exercised."""
        return reply(holdings_risk_view(await operations.holdings_risk()))

    @app.post("/v1/options/exercise")
    @document_request(bodies.ExerciseBody)
    @document_response(api.ExerciseReply)
    async def exercise() -> Response:
        """Have the broker exercise a long option, in part or (without a quantity) all of it."""
        contract, quantity = exercise_request(await json_body(), ("symbol", "quantity"))
        return reply(exercise_view(await operations.exercise(contract, quantity, g.actor)))

    @app.post("/v1/options/do-not-exercise")
    @document_request(bodies.DoNotExerciseBody)
    @document_response(api.ExerciseReply)
    async def do_not_exercise() -> Response:
        """On its last day: have an option expire even if it ends in the money."""
        contract, _ = exercise_request(await json_body(), ("symbol",))
        return reply(exercise_view(await operations.do_not_exercise(contract, g.actor)))


def exercise_request(body: bytes, keys: tuple[str, ...]) -> tuple[OptionContract, Decimal | None]:
    """The contract, and how many of it (None: all).   Raises: CreamError."""
    problems = Problems()
    reader = ObjectReader(decode(body), "", problems, keys)
    reader.require("symbol")
    symbol = reader.text("symbol", LONGEST_IDENTIFIER)
    contract = None
    if symbol is not None:
        try:
            contract = parse_occ(symbol)
        except ValueError as error:
            problems.add("symbol", str(error))
    quantity = reader.whole("quantity", least=1, most=MOST_CONTRACTS)
    problems.raise_any()
    assert contract is not None, "a symbol without problems is a contract"
    return contract, None if quantity is None else Decimal(quantity)


def exercise_view(state: ExerciseState) -> api.ExerciseReply:
    """What became of an instruction."""
    answered = state.answered
    return api.ExerciseReply(
        request_id=state.asked.request_id,
        symbol=state.asked.contract.symbol,
        quantity=f"{state.asked.quantity:f}",
        instruction=state.asked.instruction,
        outcome="unknown" if answered is None else answered.outcome,
        message="" if answered is None else answered.message,
    )
