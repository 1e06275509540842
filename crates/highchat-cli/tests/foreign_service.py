"""A service written from the API's text, which shares no code with the client or the sandbox."""
import json
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

KEY, SLUG, threads = "hc_foreign", "foreign", {}


class Service(BaseHTTPRequestHandler):
    def do_POST(self):
        url = urlsplit(self.path)
        allowed = self.headers.get("authorization") == f"Bearer {KEY}"
        allowed |= "authorization" not in self.headers and parse_qs(url.query).get("slug") == [SLUG]
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        thread = body.get("conversation_id") or str(uuid.uuid4())
        if not allowed:
            return self.refuse(401, "unauthenticated", "Սխալ բանալի")
        if url.path != "/v1/chat" or (body.get("conversation_id") and thread not in threads):
            return self.refuse(404, "not_found", "Զրույցը չի գտնվել")
        said = threads.setdefault(thread, [])
        said.append(body["message"])
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        self.event("meta", {"conversation_id": thread})
        for word in ["Դուք", " ասացիք", "՝ ", ", ".join(said)]:
            self.event("delta", {"text": word})
        self.event("done", {"message_id": str(uuid.uuid4()), "state": "bot", "ts": "2026-06-14T10:00:00.000Z"})

    def event(self, name, data):
        self.wfile.write(f"event: {name}\ndata: {json.dumps(data)}\n\n".encode())

    def refuse(self, status, code, message):
        body = json.dumps({"error": {"code": code, "message": message}}, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
