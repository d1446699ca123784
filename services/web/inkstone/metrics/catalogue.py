"""Everything that is counted. docs/observing.md says what it is good for."""

from inkstone.metrics.families import Counter, Family, Gauge, Histogram


class Metrics:
    """One process's numbers; only its event loop changes them, so nothing is locked."""

    def __init__(self) -> None:
        self.requests = Counter("inkstone_requests", "Requests that were answered.", "route", "method", "status")
        self.request_time = Histogram(
            "inkstone_request_duration_seconds", "From a request's header to its answer, ready to send.",
            "route", "method",
        )  # fmt: skip
        self.in_flight = Gauge("inkstone_requests_in_flight", "Requests that are being answered, this one included.")
        self.render_time = Histogram("inkstone_render_duration_seconds", "Making a page's text.", "template")
        self.query_time = Histogram(
            "inkstone_query_duration_seconds", "One statement, until its rows are here.", "query"
        )
        self.pool_size = Gauge("inkstone_pool_size", "Database connections that there may be.", "database")
        self.pool = Gauge("inkstone_pool_connections", "Database connections that there are.", "database", "state")
        self.pool_waits = Histogram(
            "inkstone_pool_wait_seconds", "Waiting for a connection while all were in use.", "database"
        )
        self.pool_refusals = Counter("inkstone_pool_refusals", "Waiting that ended without a connection.", "database")
        self.reachable = Gauge(
            "inkstone_database_reachable", "Whether the last attempt to connect was a success.", "database", joined=min
        )
        self.replica_usable = Gauge(
            "inkstone_replica_usable", "Whether readers are sent to the replica, where there is one.", joined=min
        )
        self.sign_ins = Counter("inkstone_sign_ins", "Passwords that were looked at, or not.", "outcome")
        self.processes = Gauge("inkstone_processes", "Processes of this replica that answer requests.")
        self.cpu = Counter("process_cpu_seconds", "Processor time, in the kernel and outside.")
        self.memory = Gauge("process_resident_memory_bytes", "Memory, with what processes share in each.")
        self.files = Gauge("process_open_fds", "Open files and connections.")
        self.most_files = Gauge("process_max_fds", "Open files and connections that there may be.")
        self.started = Gauge("process_start_time_seconds", "When the youngest process began.", joined=max)
        # What has not happened yet is no gap: an increase from nothing would not be seen.
        self.sign_ins.join(((outcome,), 0) for outcome in ("accepted", "refused", "slowed"))

    @property
    def families(self) -> list[Family]:
        return list(vars(self).values())
