-- One migration at a time in this database; ends with the connection.
SELECT pg_advisory_lock(hashtextextended('synchrony migrate', 0))
