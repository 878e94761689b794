-- Gives up what is open.
ROLLBACK
