#!/usr/bin/env python3
"""Runs a command against the sandbox of HIGHCHAT_BASE_URL over TLS.

    over_tls.py [--ragged] [--untrusted] [--host HOST] CERTIFICATE KEY COMMAND...

The certificate is for `localhost`. The command gets HIGHCHAT_BASE_URL with https:// and HOST,
and trusts the certificate, unless --untrusted is given. A connection that ends in an orderly way
ends with close_notify, unless --ragged is given; one that is reset does not. The exit status is that of the command.
"""

import argparse
import os
import select
import socket
import ssl
import subprocess
import sys
import threading
from urllib.parse import urlsplit


def relay(client, context, service, is_ragged):
    try:
        client = context.wrap_socket(client, server_side=True)
    except (OSError, ssl.SSLError):
        return  # The client does not trust the certificate.
    upstream = socket.create_connection(service)
    try:
        while True:
            ready = [client] if client.pending() else select.select([client, upstream], [], [])[0]
            for source in ready:
                data = source.recv(65536)
                if not data and source is upstream and not is_ragged:
                    client.unwrap()
                if not data:
                    return
                (client if source is upstream else upstream).sendall(data)
    except (OSError, ssl.SSLError):
        pass  # One of the two reset its connection, or ended it without close_notify.
    finally:
        client.close()
        upstream.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ragged", action="store_true")
    parser.add_argument("--untrusted", action="store_true")
    parser.add_argument("--host", default="localhost")
    parser.add_argument("certificate")
    parser.add_argument("key")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    base_url = urlsplit(os.environ["HIGHCHAT_BASE_URL"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.certificate, options.key)
    context.set_alpn_protocols(["http/1.1"])
    listener = socket.create_server(("127.0.0.1", 0))
    service = (base_url.hostname, base_url.port)

    def accept():
        while True:
            client, _ = listener.accept()
            arguments = (client, context, service, options.ragged)
            threading.Thread(target=relay, args=arguments, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    environment = dict(os.environ)
    port = listener.getsockname()[1]
    environment["HIGHCHAT_BASE_URL"] = f"https://{options.host}:{port}{base_url.path}"
    environment["SSL_CERT_FILE"] = os.devnull if options.untrusted else options.certificate
    sys.exit(subprocess.run(options.command, env=environment, timeout=100).returncode)


main()
