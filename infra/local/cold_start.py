"""`make bench`: how long each function takes to its first poll, and what it weighs.

Starts a release binary as Lambda does, against a Runtime API that only listens, and prints the
median of nine starts after one that does not count. Nothing else of AWS is needed: no function
calls anything before its first event.
"""

import os
import statistics
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

STARTS = 9
SETTINGS = {
    "AWS_LAMBDA_FUNCTION_NAME": "bench",
    "AWS_LAMBDA_FUNCTION_VERSION": "1",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
    "AWS_LAMBDA_LOG_GROUP_NAME": "bench",
    "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
    "AWS_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "SYNC_TABLE": "bench",
    "EVENTS_QUEUE_URL": "http://127.0.0.1:9/events",
    "BULK_QUEUE_URL": "http://127.0.0.1:9/bulk",
    "PARKED_QUEUE_URL": "http://127.0.0.1:9/parked",
}


class FirstPoll(BaseHTTPRequestHandler):
    """Notes when the function asks for its first event, and lets it wait."""

    def do_GET(self):
        self.server.polled_at = time.perf_counter()
        self.server.polled.set()
        self.server.over.wait(10)

    def log_message(self, *_):
        pass


def start(binary):
    """Milliseconds to the first poll, and MiB resident then."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), FirstPoll)
    server.daemon_threads = True
    server.polled, server.over = threading.Event(), threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = SETTINGS | {"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}"}
    begun = time.perf_counter()
    process = subprocess.Popen(
        [binary], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        if not server.polled.wait(10):
            sys.exit(f"{binary} never asked for an event")
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
        resident = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return (server.polled_at - begun) * 1000, int(resident.split()[1]) / 1024
    finally:
        process.kill()
        process.wait()
        server.over.set()
        server.shutdown()


def main():
    folder = Path(sys.argv[1])
    for name in ("ingest", "consumer", "reconciler"):
        binary = folder / name
        start(binary)
        starts = [start(binary) for _ in range(STARTS)]
        times, sizes = zip(*starts)
        print(
            f"{name:12} first poll after {statistics.median(times):.1f} ms "
            f"({min(times):.1f} to {max(times):.1f}), {statistics.median(sizes):.1f} MiB resident, "
            f"{os.path.getsize(binary) / 1e6:.1f} MB on disk"
        )


if __name__ == "__main__":
    main()
