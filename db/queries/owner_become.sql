-- From here on the connection acts as the owner role, so that what it makes belongs to that.
SET ROLE synchrony_owner
