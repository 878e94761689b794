-- Lets the owner role make tables. Done by the database's owner or a superuser.
GRANT USAGE, CREATE ON SCHEMA public TO synchrony_owner
