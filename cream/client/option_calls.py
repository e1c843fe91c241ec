"""What can an agent ask about options that are held, and have done with them?"""

from cream.client import v1
from cream.client.calls import Calls


class OptionCalls(Calls):
    """Options that are held. What is instructed is not repeated: nobody knows if it was done."""

    async def get_option_risk(self, *, timeout: float | None = None) -> v1.GetOptionRiskResponse:
        """Greeks of everything that is held, and which options sold may be exercised."""
        request = v1.GetOptionRiskRequest()
        return await self._ask(self._options.get_option_risk, request, timeout)

    async def get_option_alarms(
        self, *, timeout: float | None = None
    ) -> v1.GetOptionAlarmsResponse:
        """What an operator has to know of options that are held."""
        request = v1.GetOptionAlarmsRequest()
        return await self._ask(self._options.get_option_alarms, request, timeout)

    async def get_option_rolls(self, *, timeout: float | None = None) -> v1.GetOptionRollsResponse:
        """What would be rolled now, why not otherwise, and what is under way."""
        request = v1.GetOptionRollsRequest()
        return await self._ask(self._options.get_option_rolls, request, timeout)

    async def roll_option(
        self, symbol: str, *, timeout: float | None = None
    ) -> v1.RollOptionResponse:
        """The roll of one position, now begun; `symbol` may be any leg of a spread."""
        request = v1.RollOptionRequest(symbol=symbol)
        return await self._call(self._options.roll_option, request, timeout)

    async def exercise(
        self, symbol: str, quantity: int | None = None, *, timeout: float | None = None
    ) -> v1.ExerciseResponse:
        """What became of exercising so many contracts of an option (None: all that are held)."""
        request = v1.ExerciseRequest(symbol=symbol, quantity=quantity)
        return await self._call(self._levers.exercise, request, timeout)

    async def do_not_exercise(
        self, symbol: str, *, timeout: float | None = None
    ) -> v1.ExerciseResponse:
        """What became of having an option expire unexercised."""
        request = v1.DoNotExerciseRequest(symbol=symbol)
        return await self._call(self._levers.do_not_exercise, request, timeout)

    @property
    def _options(self) -> v1.OptionServiceStub:
        return v1.OptionServiceStub(self._open.channel)

    @property
    def _levers(self) -> v1.ControlServiceStub:
        return v1.ControlServiceStub(self._open.channel)
