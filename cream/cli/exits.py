"""What does an exit code mean? See sysexits.h; docs/operations.md tells operators."""

DONE = 0
REFUSED = 1
USAGE = 2
UNREACHABLE = 69
DEFECT = 70
JOURNAL = 74
NOT_LET_IN = 77
CONFIGURATION = 78
INTERRUPTED = 130
