"""Who is measured: the product, the limits of what it stands on, and the peers that a user might run instead."""

from contenders.limits import LIMITS
from contenders.peers import PEERS
from contenders.product import PRODUCTS

# In the order of the table, and of the turns within a round.
ALL = LIMITS + PRODUCTS + PEERS
