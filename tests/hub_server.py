#!/usr/bin/env python3
"""A model hub for tests: speaks as Hugging Face's does, over HTTPS, from a folder ROOT with owner/name/files.

    hub_server.py ROOT WORK

Prints "ready HUB_PORT CDN_PORT CERTIFICATE" and serves until it is killed. Like the real one, the hub lists files with
their checksums and sends the bytes of large ones by a redirect to another host, which must never see the token.
The name of a repository says how it misbehaves:

    gated      needs the token "accepted"; "refused" is known but not granted
    broken     every connection ends after 300 kB
    slow       four megabytes a second over all connections
    wrong      announces a checksum that the files do not have
    noranges   sends whole files whatever is asked
    busy       answers 429 to every first request for a file
    down       answers 500 always
    long       announces fewer bytes than it sends
    escape     lists a file outside of the folder

/meta/MODEL/FILE?Policy=good is Meta's signed link; any other policy has expired. /count tells the bytes sent so far.
"""
import hashlib
import http.server
import json
import os
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse

ROOT, WORK = sys.argv[1:3]
LARGE = 100_000  # from so many bytes on files are kept "elsewhere"
lock = threading.Lock()
sent_bytes = 0
asked = set()
budget_time = time.monotonic()


def paced(count):
    """Waits until `count` more bytes fit into four megabytes a second."""
    global budget_time
    with lock:
        budget_time = max(budget_time, time.monotonic()) + count / 4e6
        wait = budget_time - time.monotonic()
    if wait > 0:
        time.sleep(wait)


def files_of(folder):
    for base, _, names in os.walk(folder):
        for name in sorted(names):
            yield os.path.relpath(os.path.join(base, name), folder)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        try:
            self.route()
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.close_connection = True

    def route(self):
        url = urllib.parse.urlsplit(self.path)
        parts = [urllib.parse.unquote(part) for part in url.path.split("/")[1:]]
        if parts[0] == "count":
            return self.answer(200, str(sent_bytes).encode())
        if parts[0] == "meta":
            return self.signed(parts[1:], urllib.parse.parse_qs(url.query))
        if parts[0] == "cdn":
            if "Authorization" in self.headers:
                return self.answer(400, b"a token for a stranger")
            return self.send_file("/".join(parts[1:]))
        api = parts[:2] == ["api", "models"]
        owner, name = parts[2:4] if api else parts[:2]
        if not os.path.isdir(os.path.join(ROOT, owner, name)):
            return self.answer(401, X_Error_Code="RepoNotFound", X_Error_Message="Repository not found")
        if name == "gated" and self.headers.get("Authorization") != "Bearer accepted":
            status = 403 if self.headers.get("Authorization") == "Bearer refused" else 401
            return self.answer(status, X_Error_Code="GatedRepo", X_Error_Message="Access is restricted")
        if name == "down":
            return self.answer(500)
        if api:
            return self.list_files(owner, name, parts[5])
        return self.resolve(owner, name, "/".join(parts[4:]))

    def list_files(self, owner, name, revision):
        if revision != "main":
            return self.answer(404, X_Error_Code="RevisionNotFound")
        siblings = []
        folder = os.path.join(ROOT, owner, name)
        for path in files_of(folder):
            data = open(os.path.join(folder, path), "rb").read()
            size = len(data) - (1000 if name == "long" and len(data) >= LARGE else 0)
            entry = {"rfilename": path, "size": size}
            if len(data) >= LARGE:
                sum = hashlib.sha256(data + (b"?" if name == "wrong" else b"")).hexdigest()
                entry["lfs"] = {"sha256": sum, "size": size, "pointerSize": 133}
            else:
                entry["blobId"] = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
            siblings.append(entry)
        if name == "escape":
            siblings.append({"rfilename": "..\\evil.safetensors", "size": 3})
            siblings.append({"rfilename": "/evil.json", "size": 3})
        body = json.dumps({"id": f"{owner}/{name}", "sha": "c0ffee" + "0" * 34, "siblings": siblings}).encode()
        self.answer(200, body, Content_Type="application/json")

    def resolve(self, owner, name, path):
        full = os.path.join(ROOT, owner, name, path)
        if not os.path.isfile(full):
            return self.answer(404, X_Error_Code="EntryNotFound")
        if name == "busy":
            with lock:
                first = full not in asked
                asked.add(full)
            if first:
                return self.answer(429, Retry_After="0")
        if os.path.getsize(full) < LARGE:
            return self.send_file(f"{owner}/{name}/{path}")
        place = f"https://localhost:{cdn_port}/cdn/{urllib.parse.quote(f'{owner}/{name}/{path}')}"
        self.answer(302, Location=place)

    def send_file(self, path):
        global sent_bytes
        name = path.split("/")[1]
        data = open(os.path.join(ROOT, path), "rb").read()
        first, last, status = 0, len(data) - 1, 200
        wanted = self.headers.get("Range")
        if wanted and name != "noranges":
            low, high = wanted.removeprefix("bytes=").split("-")
            first, last, status = int(low), min(int(high or last), last), 206
        self.send_response(status)
        if status == 206:
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
        self.send_header("Content-Length", str(last + 1 - first))
        self.end_headers()
        piece, total = 16384, 0
        for at in range(first, last + 1, piece):
            part = data[at:min(at + piece, last + 1)]
            if name == "slow":
                paced(len(part))
            if name == "broken" and total >= 300_000:
                self.close_connection = True
                self.connection.close()
                return
            self.wfile.write(part)
            total += len(part)
            with lock:
                sent_bytes += len(part)

    def signed(self, parts, query):
        if query.get("Policy") != ["good"]:
            return self.answer(403)
        path = "meta/" + "/".join(parts)
        if not os.path.isfile(os.path.join(ROOT, path)):
            return self.answer(404)
        self.send_file(path)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


def start(context):
    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


certificate, key = os.path.join(WORK, "hub.pem"), os.path.join(WORK, "hub.key")
subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
               check=True, capture_output=True)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
cdn_port = start(context)
hub_port = start(context)
print("ready", hub_port, cdn_port, certificate, flush=True)
threading.Event().wait()
