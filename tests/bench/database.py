"""The PostgreSQL of a run: one cluster for all contenders, durable, on a disk, with the product's schema.

Each turn of a contender begins with the same tables: an item for every session that the load posts, as the load would have left it some
time ago, so that each upsert is an update as it is in service, and an empty history. A checkpoint never falls into a turn, and none has gone before it that its pages would have
to be logged whole for.
"""

import os

from cluster import Cluster, DATABASE

SESSIONS = 100000
PEER = "bench_peer"

SETTINGS = """
fsync = on
synchronous_commit = on
full_page_writes = on
max_connections = 400
shared_buffers = 512MB
max_wal_size = 8GB
checkpoint_timeout = 1h
autovacuum = off
log_checkpoints = off
"""

# As tests/bench/load/corpus.c makes them.
SESSION_ID = "lpad(to_hex(mod(n::bigint * 2654435761, 4294967296)), 8, '0') || '-7b64-4e0f-9c1d-' || lpad(n::text, 12, '0')"
PAGE_URL = "'https://www.bank.example/accounts/' || lpad((n / 97)::text, 6, '0') || '/overview?from=menu'"

NEW_ITEM = f"gen_random_uuid(), now(), now(), jsonb_set(%(properties)s::jsonb, '{{page_url}}', to_jsonb({PAGE_URL}))"


class Database(Cluster):
    """tests/db's cluster with the settings of one that keeps what it has confirmed."""

    def __init__(self, run_dir, command, properties):
        """command: the built `synchrony`. properties: JSON text of what an event holds beside its key."""
        super().__init__(run_dir)
        self.command = command
        self.properties = properties
        self.holds = None  # the kind of workload that the tables are filled for

    def init(self):
        super().init()
        with open(os.path.join(self.data_dir, "postgresql.conf"), "a", encoding="ascii") as conf:
            conf.write(SETTINGS)

    def make(self, dbname=DATABASE):
        """A database with the product's schema, and a role for the peers that may write its tables straight."""
        self.create_database(dbname)
        self.migrate(self.command, dbname)
        self.run(f"""
            DO $$ BEGIN CREATE ROLE {PEER} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
            GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {PEER};
            GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {PEER};
            """, dbname)

    def run(self, sql, dbname=DATABASE, **parameters):
        return self.execute(sql, parameters or None, dbname=dbname)

    def prepare_for(self, workload, checkpoint=True):
        """Makes the tables what a turn begins with."""
        if workload.kind == "get" and self.holds == "get":
            return
        self.run("TRUNCATE events, event_log")
        if checkpoint:
            self.run("CHECKPOINT")
        if workload.kind == "get":
            for n in workload.read_sizes:
                self.fill_items(f"bench_{n}", n)
        else:
            self.fill_items("page_view", SESSIONS)
        self.run("VACUUM ANALYZE events")
        self.holds = workload.kind

    def fill_items(self, event_type, n, dbname=DATABASE):
        self.run(f"""
            INSERT INTO events (event_type, session_id, event_id, occurred_at, received_at, properties)
            SELECT %(event_type)s, {SESSION_ID}, {NEW_ITEM} FROM generate_series(0, %(n)s - 1) AS n""",
                 dbname, event_type=event_type, n=n, properties=self.properties)

    def fill_history(self, n, dbname):
        """n events of as many sessions as the load has, spread evenly over four weeks. The last of these is the current one, and whole,
        as if it were about to end: its partition, to which the load will write, is as full as it gets. By session, which is the order of
        the primary key: so it takes minutes and not hours.

        Then, behind a checkpoint, one event more of each session: the load will write to the very pages that this writes to, and none has
        to be logged whole any more. That is the state in which a busy collector is but for some seconds behind each checkpoint."""
        self.run("TRUNCATE events, event_log", dbname)
        self.run("SELECT event_log_extend(now() - interval '3 weeks', 1)", dbname)
        self.append_history(max(1, n // SESSIONS), "4 weeks", dbname)
        self.run("VACUUM ANALYZE event_log", dbname)
        self.run("CHECKPOINT", dbname)
        self.append_history(1, "1 week", dbname)
        self.fill_items("page_view", SESSIONS, dbname)
        self.run("VACUUM ANALYZE events", dbname)

    def append_history(self, visits, within, dbname):
        """So many events of each session, spread evenly over so long a time until the end of the current week."""
        self.run(f"""
            INSERT INTO event_log (session_id, occurred_at, event_id, event_type, received_at, properties)
            SELECT session_id, occurred_at, gen_random_uuid(), 'page_view', occurred_at, %(properties)s::jsonb
            FROM (SELECT {SESSION_ID} AS session_id FROM generate_series(0, {SESSIONS} - 1) AS n ORDER BY 1) AS sessions
                 CROSS JOIN generate_series(0, %(visits)s - 1) AS visit
                 CROSS JOIN LATERAL (
                     SELECT date_trunc('week', now(), 'UTC') + interval '1 week' - (visit + 0.5) / %(visits)s * %(within)s::interval
                            AS occurred_at) AS time""",
                 dbname, visits=visits, within=within, properties=self.properties)

    def history_count(self, dbname=DATABASE):
        return self.run("SELECT count(*) FROM event_log", dbname)[0][0]

    def peer_environment(self, dbname=DATABASE):
        """What libpq, and whoever follows it, needs to find this cluster as a peer."""
        return {"PGHOST": self.socket_dir, "PGDATABASE": dbname, "PGUSER": PEER}
