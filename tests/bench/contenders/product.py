"""The product, in the ways that it is deployed for load."""

import os

import web
from cluster import give_away
from contenders.base import Served

RESPONDER = "synchrony_data_analytics"


class Product(Served):
    group = "product"

    def conf(self, **settings):
        """The defaults, what the deployment needs, what --set says, and where the database is."""
        path = os.path.join(self.dir, "synchrony.conf")
        settings |= {"writer_database": self.bench.database.conninfo("synchrony_writer", self.dbname),
                     "reader_database": self.bench.database.conninfo("synchrony_reader", self.dbname)}
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(f'{name} = "{value}"\n' for name, value in settings.items())
            file.writelines(f"{setting}\n" for setting in self.bench.settings)
        return path

    def responder(self, conf):
        return self.wrapper(os.path.join(self.bench.bin_dir, RESPONDER), {"SYNCHRONY_CONF": conf})


class ProductLighttpd(Product):
    name = "product-lighttpd"
    about = "Synchrony behind lighttpd"
    server = "lighttpd"

    def site(self, workload):
        conf = self.conf()
        return web.lighttpd_snippet(self.bench.deploy, self.responder(conf), conf, self.dir + "/sockets/responder")


class ProductFcgid(Product):
    name = "product-fcgid"
    about = "Synchrony under Apache mod_fcgid"
    server = "apache"
    settle_s = web.FCGID_SETTLE_S

    def site(self, workload):
        shared = os.path.join(self.dir, "shared")  # so that its processes share a commit
        os.mkdir(shared, 0o700)
        give_away(shared)
        conf = self.conf(run_directory=shared)
        return web.apache_fcgid(self.dir, self.bench.deploy, self.responder(conf), conf)


class ProductProxy(Product):
    name = "product-proxy"
    about = "Synchrony as a daemon behind Apache mod_proxy_fcgi"
    server = "apache"

    def site(self, workload):
        listening, path = self.listener()
        self.launch([self.responder(self.conf())], stdin=listening)
        listening.close()
        return web.apache_proxy(self.bench.deploy, path)


PRODUCTS = [ProductLighttpd, ProductFcgid, ProductProxy]
