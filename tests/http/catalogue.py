"""What tests of the event catalogue share: putting schemas, and a database whose catalogue is a test's own."""

import json
import os
import uuid

from cluster import clean_environment, give_away
from servers import wait_until


def put_schema(cluster, event_type, mode="enforce", schema=None, dbname="synchrony"):
    """Puts a new version; a schema that is left out is that of the version before."""
    text = schema if schema is None or isinstance(schema, str) else json.dumps(schema)
    rows = []

    def attempt():
        """Another test may put one at the same time."""
        try:
            rows[:] = cluster.execute("SELECT version FROM event_schemas_put(event_catalogue_fingerprint(), ARRAY[%s], ARRAY[%s], ARRAY[%s], 'ada', '')",
                                      (event_type, mode, text), dbname=dbname)
        except Exception as error:  # pylint: disable=broad-except
            if "meanwhile" in str(error):
                return False
            raise
        return True
    wait_until(attempt, "the schema cannot be put")
    return rows[0][0]


class Own:
    """A database of its own, a folder for what processes share, and daemons on both."""

    def __init__(self, cluster, command, run_dir):
        self.cluster, self.command, self.make_daemon = cluster, command, None
        self.dbname = "own" + uuid.uuid4().hex[:8]
        self.directory = os.path.join(run_dir, self.dbname)
        os.mkdir(self.directory, 0o700)
        give_away(self.directory)
        cluster.create_database(self.dbname)
        cluster.migrate(command, self.dbname)

    def clean(self, make_daemon):
        """For the next test: the daemons of the one before have ended."""
        self.make_daemon = make_daemon
        for table in ("event_schemas", "rejected_events", "events", "event_log"):
            self.execute("DELETE FROM " + table)
        for name in os.listdir(self.directory):
            os.unlink(os.path.join(self.directory, name))
        return self

    def settings(self, **more):
        return {"writer_database": self.cluster.conninfo("synchrony_writer", self.dbname), "run_directory": self.directory} | more

    def daemon(self, **more):
        return self.make_daemon(self.settings(**more)).start()

    def put(self, *arguments):
        return put_schema(self.cluster, *arguments, dbname=self.dbname)

    def execute(self, sql, parameters=None):
        return self.cluster.execute(sql, parameters, dbname=self.dbname)

    def environment(self):
        """Of the command, as an operator."""
        return clean_environment() | self.cluster.environment(self.dbname) | {
            "SYNCHRONY_OWNER_DATABASE": self.cluster.conninfo("synchrony_operator", self.dbname)}
