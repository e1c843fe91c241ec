"""Which events change the state of the daemon, rather than orders and holdings?"""

from cream.core.execution import events as e

StateEvent = (
    e.RunStarted
    | e.RunStopped
    | e.TradingRestricted
    | e.RestrictionLifted
    | e.MassCancelOwed
    | e.MassCancelConfirmed
    | e.ReconciliationCompleted
    | e.FlattenOwed
    | e.FlattenSettled
    | e.ClientSessionKept
    | e.ClientSessionEnded
    | e.EquityMarked
)
