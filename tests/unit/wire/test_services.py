"""Do services, calls, packages and imports stay where agents look for them?"""

import pytest
from google.protobuf.descriptor import FileDescriptor

from cream.wire import (
    account_pb2,
    common_pb2,
    control_pb2,
    decision_pb2,
    execution_pb2,
    market_snapshot_pb2,
    options_pb2,
    simulation_pb2,
    status_pb2,
)

# Method, request, response; `stream` where many responses come.
SERVICES = {
    "ExecutionService": """
        CheckConstraints CheckConstraintsRequest CheckConstraintsResponse
        SubmitOrder SubmitOrderRequest SubmitOrderResponse
        GetOrderState GetOrderStateRequest GetOrderStateResponse
        CancelOrder CancelOrderRequest CancelOrderResponse
        StreamExecutions StreamExecutionsRequest stream StreamExecutionsResponse
        GetAccountState GetAccountStateRequest GetAccountStateResponse
        GetPositions GetPositionsRequest GetPositionsResponse
        SubmitOrders SubmitOrdersRequest ExecutionAck
        GetPortfolioState GetPortfolioStateRequest GetPortfolioStateResponse
        ListOrders ListOrdersRequest stream ListOrdersResponse
    """,
    "MarketDataService": """
        SubscribeMarketData SubscribeMarketDataRequest stream SubscribeMarketDataResponse
        GetSnapshot GetSnapshotRequest GetSnapshotResponse
        GetOptionChain GetOptionChainRequest GetOptionChainResponse
    """,
    "ControlService": """
        GetTradingState GetTradingStateRequest GetTradingStateResponse
        SetTradingState SetTradingStateRequest SetTradingStateResponse
        KillSwitch KillSwitchRequest KillSwitchResponse
        MassCancel MassCancelRequest MassCancelResponse
        Exercise ExerciseRequest ExerciseResponse
        DoNotExercise DoNotExerciseRequest ExerciseResponse
        Heartbeat HeartbeatRequest HeartbeatResponse
    """,
    "OptionService": """
        GetOptionRisk GetOptionRiskRequest GetOptionRiskResponse
        GetOptionAlarms GetOptionAlarmsRequest GetOptionAlarmsResponse
        GetOptionRolls GetOptionRollsRequest GetOptionRollsResponse
        RollOption RollOptionRequest RollOptionResponse
    """,
    "AccountService": """
        ListActivities ListActivitiesRequest ListActivitiesResponse
        GetFees GetFeesRequest GetFeesResponse
    """,
    "StatusService": """
        GetReadiness GetReadinessRequest GetReadinessResponse
        GetFeedHealth GetFeedHealthRequest GetFeedHealthResponse
        GetCircuitBreakers GetCircuitBreakersRequest GetCircuitBreakersResponse
        GetSupervision GetSupervisionRequest GetSupervisionResponse
        GetReconciliation GetReconciliationRequest GetReconciliationResponse
        Reconcile ReconcileRequest ReconcileResponse
    """,
    "SimulationService": """
        SetQuote SetQuoteRequest SetQuoteResponse
        Disconnect DisconnectRequest DisconnectResponse
        SetFault SetFaultRequest SetFaultResponse
    """,
}

IMPORTS = {
    "common": set(),
    "decision": {"cream/v1/common", "google/protobuf/struct", "google/protobuf/timestamp"},
    # control and status are newer; the rest is as agents compile it.
    "execution": {
        "cream/v1/common",
        "cream/v1/control",
        "cream/v1/decision",
        "cream/v1/status",
        "google/protobuf/timestamp",
    },
    "market_snapshot": {"cream/v1/common", "google/protobuf/timestamp"},
    "control": {"google/protobuf/timestamp"},
    "options": {"google/protobuf/timestamp"},
    "account": {"google/protobuf/timestamp"},
    "status": {"google/protobuf/timestamp"},
    "simulation": {"google/protobuf/struct", "google/protobuf/timestamp"},
}

FILES: list[FileDescriptor] = [
    module.DESCRIPTOR
    for module in (
        common_pb2,
        decision_pb2,
        execution_pb2,
        market_snapshot_pb2,
        control_pb2,
        options_pb2,
        account_pb2,
        status_pb2,
        simulation_pb2,
    )
]


def stem(file: FileDescriptor) -> str:
    """The name of a proto without folder and ending."""
    return file.name.removeprefix("cream/v1/").removesuffix(".proto")


def test_services_have_exactly_the_calls_of_the_table() -> None:
    expected = {
        name: {tuple(line.split()) for line in lines.strip().splitlines()}
        for name, lines in SERVICES.items()
    }

    found = {
        name: {
            (m.name, m.input_type.name, *(["stream"] * m.server_streaming), m.output_type.name)
            for m in service.methods
        }
        for file in FILES
        for name, service in file.services_by_name.items()
    }

    assert found == expected
    assert not any(
        m.client_streaming for f in FILES for s in f.services_by_name.values() for m in s.methods
    )


@pytest.mark.parametrize("file", FILES, ids=stem)
def test_files_keep_their_path_package_and_imports(file: FileDescriptor) -> None:
    imports = {dependency.name.removesuffix(".proto") for dependency in file.dependencies}

    assert file.name == f"cream/v1/{stem(file)}.proto"
    assert file.package == "cream.v1"
    assert imports == IMPORTS[stem(file)]
