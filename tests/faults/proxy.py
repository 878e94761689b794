"""Stands between the responder and PostgreSQL, and cuts the connection after so many bytes.

Bytes are counted over all connections from the moment that it is told to (arm). What comes up to the limit is passed on, nothing behind it:
both ends of that connection are closed, as when a host or a network goes away between two packets.
"""

import os
import selectors
import socket
import threading

from cluster import give_away

PIECE_BYTES = 65536
SOCKET_NAME = ".s.PGSQL.5432"
TO_DATABASE, TO_RESPONDER = "to the database", "to the responder"


class Pair:
    """A connection of the responder, and ours to PostgreSQL for it."""

    def __init__(self, client, server):
        self.client = client
        self.server = server

    def other(self, end):
        return self.server if end is self.client else self.client

    def direction(self, source):
        return TO_DATABASE if source is self.client else TO_RESPONDER


class Proxy(threading.Thread):
    """Listens on a Unix socket in folder, where libpq looks for it, and connects to the one in target."""

    def __init__(self, folder, target):
        super().__init__(daemon=True)
        os.mkdir(folder)
        give_away(folder)
        self.folder = folder
        self.target = os.path.join(target, SOCKET_NAME)
        self.lock = threading.Lock()  # of what follows
        self.pairs = set()
        self.is_open = True
        self.direction = None
        self.left = 0       # bytes until the cut
        self.counted = 0    # since armed
        self.cuts = 0
        self.is_ending = False
        self.selector = selectors.DefaultSelector()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(os.path.join(folder, SOCKET_NAME))
        give_away(os.path.join(folder, SOCKET_NAME))
        self.listener.listen(64)
        self.selector.register(self.listener, selectors.EVENT_READ)

    # ---- for others ----

    def arm(self, direction, n_bytes):
        """The connection over which byte n_bytes + 1 would go that way is cut before it."""
        with self.lock:
            self.direction, self.left, self.counted = direction, n_bytes, 0

    def disarm(self):
        """Returns how many bytes have gone that way since it was armed."""
        with self.lock:
            self.direction = None
            return self.counted

    def cut_all(self):
        with self.lock:
            for pair in list(self.pairs):
                self.close(pair)

    def set_open(self, is_open):
        """Closed, it ends every connection that is made."""
        with self.lock:
            self.is_open = is_open
        if not is_open:
            self.cut_all()

    def stop(self):
        with self.lock:
            self.is_ending = True
        self.join(10)
        self.cut_all()
        self.listener.close()
        self.selector.close()

    # ---- the thread ----

    def run(self):
        while not self.is_ending:
            for key, _ in self.selector.select(0.1):
                with self.lock:
                    if key.fileobj is self.listener:
                        self.accept()
                    elif key.data in self.pairs:
                        self.forward(key.data, key.fileobj)

    def accept(self):
        client, _ = self.listener.accept()
        server = socket.socket(socket.AF_UNIX)
        try:
            if not self.is_open:
                raise OSError
            server.connect(self.target)
        except OSError:
            client.close()
            server.close()
            return
        pair = Pair(client, server)
        self.pairs.add(pair)
        self.selector.register(client, selectors.EVENT_READ, pair)
        self.selector.register(server, selectors.EVENT_READ, pair)

    def close(self, pair):
        self.pairs.discard(pair)
        for end in (pair.client, pair.server):
            self.selector.unregister(end)
            end.close()

    def forward(self, pair, source):
        try:
            piece = source.recv(PIECE_BYTES)
            is_cut = False
            if pair.direction(source) == self.direction:
                is_cut = len(piece) > self.left
                piece = piece[:self.left]
                self.left -= len(piece)
                self.counted += len(piece)
            if piece:
                pair.other(source).sendall(piece)
            if is_cut:
                self.cuts += 1
                self.direction = None
            if is_cut or not piece:
                self.close(pair)
        except OSError:
            self.close(pair)
