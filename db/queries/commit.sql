-- Ends it. The caller checks the command tag: a failed transaction answers COMMIT with ROLLBACK and no error.
COMMIT
