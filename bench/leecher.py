# libtorrent as a client: downloads a torrent from peers on loopback, to compare with. Writes {"seconds", "cpu"} when it has everything.
# Its one argument is JSON: {"metainfo", "directory", "peers": [[host, port]]}.
import json
import os
import resource
import sys
import time

import libtorrent as lt

wish = json.loads(sys.argv[1])
session = lt.session(
    {
        "listen_interfaces": "127.0.0.1:0",
        "enable_dht": False,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "allow_multiple_connections_per_ip": True,
    }
)
began = time.time()
torrent = session.add_torrent({"ti": lt.torrent_info(wish["metainfo"]), "save_path": wish["directory"]})
for host, port in wish["peers"]:
    torrent.connect_peer((host, port))
while not torrent.status().is_seeding and time.time() - began < 120:
    time.sleep(0.01)
usage = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"seconds": time.time() - began, "cpu": usage.ru_utime + usage.ru_stime}), flush=True)
os._exit(0)
