-- Writes the file anew without its unused pages.
VACUUM
