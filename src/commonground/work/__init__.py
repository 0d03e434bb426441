"""Work that is due: one table of runs with lease, heartbeat and retry; no broker."""
