"""The product, in the ways that it is deployed for load."""

import os

import web
from contenders.base import Served

RESPONDER = "synchrony_data_analytics"


class Product(Served):
    group = "product"

    def conf(self):
        """The defaults, what --set says, and where the database is."""
        path = os.path.join(self.dir, "synchrony.conf")
        settings = {"writer_database": self.bench.database.conninfo("synchrony_writer", self.dbname),
                    "reader_database": self.bench.database.conninfo("synchrony_reader", self.dbname)}
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(f'{name} = "{value}"\n' for name, value in settings.items())
            file.writelines(f"{setting}\n" for setting in self.bench.settings)
        return path

    def responder(self):
        return self.wrapper(os.path.join(self.bench.bin_dir, RESPONDER), {"SYNCHRONY_CONF": self.conf()})


class ProductLighttpd(Product):
    name = "product-lighttpd"
    about = "Synchrony behind lighttpd"
    server = "lighttpd"

    def site(self, workload):
        return web.lighttpd_snippet(self.bench.deploy, self.responder(), self.conf(), self.dir + "/sockets/responder")


class ProductFcgid(Product):
    name = "product-fcgid"
    about = "Synchrony under Apache mod_fcgid"
    server = "apache"

    def site(self, workload):
        return web.apache_fcgid(self.dir, self.bench.deploy, self.responder(), self.conf())


class ProductProxy(Product):
    name = "product-proxy"
    about = "Synchrony as a daemon behind Apache mod_proxy_fcgi"
    server = "apache"

    def site(self, workload):
        listening, path = self.listener()
        self.launch([self.responder()], stdin=listening)
        listening.close()
        return web.apache_proxy(self.bench.deploy, path)


PRODUCTS = [ProductLighttpd, ProductFcgid, ProductProxy]
