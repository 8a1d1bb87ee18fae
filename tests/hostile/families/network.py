"""The network, and sockets of the machine."""

from tests.hostile.controls import system

ATTACKS = (
    system("a connection", "import socket; socket.create_connection(('127.0.0.1', at['tcp']), 1)"),
    system("a datagram", "import socket; socket.socket(2, 2).sendto(b'seed', ('127.0.0.1', at['udp']))"),
    system("a socket in the file system", "import socket; socket.socket(socket.AF_UNIX).connect(at['unix'])"),
    system("an abstract socket", "import socket; socket.socket(socket.AF_UNIX).connect(at['abstract'])"),
    system("to listen", "import socket; socket.create_server(('127.0.0.1', 0))"),
    system("to look at the routes", "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).bind((0, 0))"),
    system(
        "the web",
        "import urllib.request\ntry: urllib.request.urlopen(f\"http://127.0.0.1:{at['tcp']}\", timeout=0.5)\n"
        "except TimeoutError: pass",
    ),
    system(
        "asyncio",
        "import asyncio\nloop = asyncio.new_event_loop()\n"
        "import threading\nfound = []\n"
        "async def go(): found.append(await asyncio.open_connection('127.0.0.1', at['tcp']))\n"
        "thread = threading.Thread(target=lambda: loop.run_until_complete(go())); thread.start(); thread.join()\n"
        "assert found",
    ),
)
