-- A word that changes whenever the schemas in force do.
SELECT event_catalogue_fingerprint()
