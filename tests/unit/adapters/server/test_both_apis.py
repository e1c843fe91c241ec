"""Both APIs have the same operations: each route has its call, and what has none says why."""

from google.protobuf.descriptor import ServiceDescriptor

from cream.wire import (
    account_pb2,
    control_pb2,
    execution_pb2,
    market_snapshot_pb2,
    options_pb2,
    simulation_pb2,
    status_pb2,
)
from tests.fakes.operations import FakeOperations
from tests.unit.adapters.server.site import application

MODULES = (
    execution_pb2,
    market_snapshot_pb2,
    control_pb2,
    options_pb2,
    account_pb2,
    status_pb2,
    simulation_pb2,
)

# What JSON has, and the calls that do the same.
SAME = {
    "POST /v1/check-constraints": {"ExecutionService.CheckConstraints"},
    "POST /v1/submit-orders": {"ExecutionService.SubmitOrders"},
    "POST /v1/order-state": {"ExecutionService.GetOrderState"},
    "GET /v1/orders": {"ExecutionService.ListOrders"},
    "POST /v1/cancel-orders": {"ExecutionService.CancelOrder"},
    "GET /v1/positions": {"ExecutionService.GetPositions"},
    # The account is one of its parts.
    "GET /v1/portfolio": {
        "ExecutionService.GetPortfolioState",
        "ExecutionService.GetAccountState",
    },
    "GET /v1/option-chain": {"MarketDataService.GetOptionChain"},
    "GET /v1/market": {"MarketDataService.GetSnapshot"},
    # Quotes and bars come where `symbols` asks for them.
    "GET /v1/stream": {
        "ExecutionService.StreamExecutions",
        "MarketDataService.SubscribeMarketData",
    },
    "GET /v1/trading-state": {"ControlService.GetTradingState"},
    "POST /v1/trading-state": {"ControlService.SetTradingState"},
    "POST /v1/kill-switch": {"ControlService.KillSwitch"},
    "POST /v1/mass-cancel": {"ControlService.MassCancel"},
    "POST /v1/heartbeat": {"ControlService.Heartbeat"},
    "POST /v1/options/exercise": {"ControlService.Exercise"},
    "POST /v1/options/do-not-exercise": {"ControlService.DoNotExercise"},
    "GET /v1/options/risk": {"OptionService.GetOptionRisk"},
    "GET /v1/options/alarms": {"OptionService.GetOptionAlarms"},
    "GET /v1/options/rolls": {"OptionService.GetOptionRolls"},
    "POST /v1/options/rolls": {"OptionService.RollOption"},
    "GET /v1/activities": {"AccountService.ListActivities"},
    "GET /v1/fees": {"AccountService.GetFees"},
    "GET /ready": {"StatusService.GetReadiness"},
    "GET /v1/feed-health": {"StatusService.GetFeedHealth"},
    "GET /v1/circuit-breaker": {"StatusService.GetCircuitBreakers"},
    "GET /v1/supervision": {"StatusService.GetSupervision"},
    "GET /v1/reconciliation": {"StatusService.GetReconciliation"},
    "POST /v1/reconciliation": {"StatusService.Reconcile"},
    "POST /v1/simulation/quote": {"SimulationService.SetQuote"},
    "POST /v1/simulation/disconnect": {"SimulationService.Disconnect"},
    "POST /v1/simulation/fault": {"SimulationService.SetFault"},
}

# What is of one protocol only.
JSON_ONLY = {
    "GET /health": "grpc.health.v1.Health",
    "GET /metrics": "Prometheus reads it over HTTP",
    "GET /docs": "a page for people; over gRPC there is reflection",
    "GET /openapi.json": "reflection",
}
GRPC_ONLY = {
    "ExecutionService.SubmitOrder": "the older contract's way; in JSON an order is a plan of one",
}


def routes() -> set[str]:
    app = application(FakeOperations())
    return {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or {"GET"}) - {"HEAD", "OPTIONS"}
    }


def calls() -> set[str]:
    services: list[ServiceDescriptor] = [
        service for module in MODULES for service in module.DESCRIPTOR.services_by_name.values()
    ]
    return {f"{service.name}.{method.name}" for service in services for method in service.methods}


def test_every_route_has_its_call_or_says_why_not() -> None:
    assert routes() == SAME.keys() | JSON_ONLY.keys()


def test_every_call_has_its_route_or_says_why_not() -> None:
    assert calls() == set().union(*SAME.values()) | GRPC_ONLY.keys()
