-- The encoding of this database; texts of events need UTF8.
SELECT current_setting('server_encoding')
