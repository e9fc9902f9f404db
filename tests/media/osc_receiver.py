"""The receiver of the protocol ADM-OSC that its authors publish, on a free port of the loopback."""

import contextlib
import time


@contextlib.contextmanager
def receiver():
    """adm-osc's receiver on a free port: `heard` is what it takes for valid, `raw` all that came."""
    from adm_osc import OscClientServer

    class Receiver(OscClientServer):
        def __init__(self):
            self.heard, self.raw = [], {}
            super().__init__(out_port=9, in_port=0)  # it sends nothing
            self.port = self.server.server_address[1]
            self.dispatcher.map("/adm/*", lambda address, *arguments: self.raw.update({address: arguments}))

        def on_received_message(self, target, objects, parameter, *arguments):
            self.heard.append((objects, parameter.osc_command, *arguments))

        def latest(self):
            """The last arguments of each object's commands."""
            return {message[:2]: message[2:] for message in self.heard}

        def until(self, true, seconds=5.0):
            end, seen = time.monotonic() + seconds, False
            while not seen and time.monotonic() < end:
                time.sleep(0.005)
                with contextlib.suppress(KeyError):  # not heard of yet
                    seen = true()
            assert seen, self.heard[-5:]

    found = Receiver()
    try:
        yield found
    finally:
        found.server.shutdown()
        found.server.server_close()
