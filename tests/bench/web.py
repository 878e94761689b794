"""The web servers that stand before a responder: lighttpd and Apache, each with the administrator's own snippet from deploy/.

A site is the end of a web server's configuration: what it serves, and how it reaches the responder. Sites of one kind differ in the
responder alone, so that what is compared is the responder.
"""

import os
import shutil

import processes
from servers import free_port, program, render

HERE = os.path.dirname(os.path.abspath(__file__))
RESOURCE = "/synchrony_data_analytics"

# For what brings no snippet of its own: as deploy/lighttpd/synchrony.conf has it.
LIGHTTPD_SITE = """
server.modules += ( "mod_fastcgi", "mod_alias" )
$HTTP["url"] =~ "^/synchrony_data_analytics(/|$)" {
    %s
    fastcgi.server = ( "/synchrony_data_analytics" => (( %s, "check-local" => "disable", "x-sendfile" => "disable" )) )
    server.stream-response-body = 2
    server.stream-request-body = 0
    server.max-request-size = 131072
}
"""

APACHE_FCGID_SITE = """
LoadModule fcgid_module /usr/lib/apache2/modules/mod_fcgid.so
FcgidIPCDir "%(dir)s/sockets"
FcgidProcessTableFile "%(dir)s/fcgid_shm"
# All processes at once instead of one a second, so that they are there when measuring begins.
FcgidSpawnScore 0
Define SYNCHRONY_RESPONDER "%(responder)s"
Define SYNCHRONY_CONF "%(conf)s"
Include "%(deploy)s/apache/synchrony.conf"
"""

# A request that finds no free process sleeps for a second in mod_fcgid. When measuring begins there shall be as many as are needed.
FCGID_SETTLE_S = 3.0

APACHE_PROXY_SITE = """
LoadModule proxy_module      /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_fcgi_module /usr/lib/apache2/modules/mod_proxy_fcgi.so
Define SYNCHRONY_SOCKET "%(socket)s"
Include "%(deploy)s/apache/synchrony-proxy.conf"
"""

APACHE_PHP_SITE = """
LoadModule proxy_module      /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_fcgi_module /usr/lib/apache2/modules/mod_proxy_fcgi.so
Alias "/synchrony_data_analytics" "%(script)s"
<Location "/synchrony_data_analytics">
    Require all granted
    SetHandler "proxy:unix:%(socket)s|fcgi://localhost"
</Location>
"""


def lighttpd_snippet(deploy, responder, conf, socket):
    """The product's own site; responder may be another program that is reached in the same way."""
    return (f'var.synchrony_responder = "{responder}"\nvar.synchrony_conf = "{conf}"\nvar.synchrony_socket = "{socket}"\n'
            f"""include_shell "grep -v '^var.synchrony_' '{deploy}/lighttpd/synchrony.conf'"\n""")


def lighttpd_processes(responder, socket, n):
    return LIGHTTPD_SITE % ("", f'"bin-path" => "{responder}", "socket" => "{socket}", "min-procs" => {n}, "max-procs" => {n}')


def lighttpd_php(script, socket):
    return LIGHTTPD_SITE % (f'alias.url = ( "/synchrony_data_analytics" => "{script}" )', f'"socket" => "{socket}"')


def apache_fcgid(directory, deploy, responder, conf):
    return APACHE_FCGID_SITE % {"dir": directory, "deploy": deploy, "responder": responder, "conf": conf}


def apache_proxy(deploy, socket):
    return APACHE_PROXY_SITE % {"deploy": deploy, "socket": socket}


def apache_php(script, socket):
    return APACHE_PHP_SITE % {"script": script, "socket": socket}


def start(name, directory, site):
    """Starts "lighttpd" or "apache" with one site; returns its process and its port. The folder holds log/, sockets/ and www/."""
    port = free_port()
    config = os.path.join(directory, name + ".conf")
    with open(config, "w", encoding="utf-8") as file:
        file.write(render(os.path.join(HERE, "servers", name + ".conf.in"), {"PORT": port, "DIR": directory, "SITE": site}))
    if name == "apache":
        command = [program("apache2", "apache2-bin"), "-f", config, "-DFOREGROUND"]
    else:
        command = [program("lighttpd", "lighttpd"), "-D", "-f", config]
    return processes.start(command, os.path.join(directory, "log", "server.log")), port


def copy_deploy(source, run_dir):
    """Where an unprivileged user can read it, whatever the rights on the checkout."""
    return shutil.copytree(os.path.join(source, "deploy"), os.path.join(run_dir, "deploy"))
