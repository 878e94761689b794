-- Opens the transaction of one group of events.
BEGIN ISOLATION LEVEL READ COMMITTED
