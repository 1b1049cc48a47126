# A seeder based on libtorrent, which discovers and announces only as its argument states. Ends when its standard input ends.
# Its one argument is JSON: {"directory", "host", "torrents": [{"metainfo", "content"}], "isEncrypted", "transport",
# "trackers", "dhtNodes", "isLocalDiscovery", "knows"}; the last four may be missing.
# With "knows", addresses of peers, the seeder has no data and requests none: it only keeps connections to these peers.
# Writes {"port"} when it listens, then for each line of its input the payload bytes sent so far: {"sent"}.
import json
import os
import sys

import libtorrent as lt

config = json.loads(sys.argv[1])
host = config["host"]
only_utp = config["transport"] == "utp"
dht_nodes = config.get("dhtNodes")
knows = config.get("knows")
session = lt.session(
    {
        "listen_interfaces": ("[%s]:0" if ":" in host else "%s:0") % host,
        "enable_dht": dht_nodes is not None,
        "dht_bootstrap_nodes": ",".join(dht_nodes or []),
        "dht_restrict_routing_ips": False,
        "dht_restrict_search_ips": False,
        "dht_prefer_verified_node_ids": False,
        "enable_lsd": bool(config.get("isLocalDiscovery")),
        "close_redundant_connections": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "enable_incoming_utp": only_utp,
        "enable_outgoing_utp": only_utp,
        "enable_incoming_tcp": not only_utp,
        "enable_outgoing_tcp": not only_utp,
        "in_enc_policy": 0 if config["isEncrypted"] else 1,
        "out_enc_policy": 0 if config["isEncrypted"] else 1,
        "allowed_enc_level": 2 if config["isEncrypted"] else 3,
        "allow_multiple_connections_per_ip": True,
        "announce_to_all_trackers": True,
        "choking_algorithm": 0,
        "unchoke_slots_limit": -1,
        "validate_https_trackers": False,
        "alert_mask": 0,
    }
)


def lay_out(files, content, directory):
    """Writes the files under the names that libtorrent expects."""
    with open(content, "rb") as source:
        for index in range(files.num_files()):
            if files.file_flags(index) & lt.file_flags_t.flag_pad_file:
                continue
            path = files.file_path(index, directory)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            source.seek(files.file_offset(index))
            left = files.file_size(index)
            with open(path, "wb") as target:
                while left > 0:
                    chunk = source.read(min(left, 1 << 20))
                    target.write(chunk)
                    left -= len(chunk)


handles = []
for number, torrent in enumerate(config["torrents"]):
    # Each torrent in its own directory: two torrents may have the same name.
    directory = os.path.join(config["directory"], str(number))
    params = lt.add_torrent_params()
    params.ti = lt.torrent_info(torrent["metainfo"])
    params.trackers = config.get("trackers") or []
    params.save_path = directory
    if knows is None:
        lay_out(params.ti.files(), torrent["content"], directory)
        params.flags = lt.torrent_flags.seed_mode
    else:
        params.flags = lt.torrent_flags.upload_mode
        params.peers = [(peer.rsplit(":", 1)[0], int(peer.rsplit(":", 1)[1])) for peer in knows]
    handles.append(session.add_torrent(params))


def say(**members):
    sys.stdout.write(json.dumps(members) + "\n")
    sys.stdout.flush()


say(port=session.listen_port())
for line in sys.stdin:
    say(sent=sum(handle.status().total_payload_upload for handle in handles))
os._exit(0)
