"""ADM-OSC: where sounds are, told to renderers and mixing desks for real loudspeakers, by OSC messages over UDP.

Notebook: 09_your_own.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

#: Where receivers listen unless they are told otherwise, and how often a place is sent in a second at most.
PORT, MOST_PER_S = 4001, 50
#: The longest name of an object, in characters.
NAME_LENGTH = 128
#: After an error of the network nothing is sent for so many seconds.
REST_S = 1.0

Messages = dict[str, tuple[Any, ...]]


def ensure_osc() -> Any:
    """python-osc's class that builds messages.

    Raises
    ------
    ModuleNotFoundError
        If it is not installed, with the line that installs it.
    """
    try:
        from pythonosc.osc_message_builder import OscMessageBuilder
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("sending ADM-OSC needs python-osc: pip install 'see2sound_nb[osc]'") from error
    return OscMessageBuilder


def adm_osc_messages(
    names: Sequence[str],
    azimuth_deg: np.ndarray,
    elevation_deg: np.ndarray,
    distance_m: np.ndarray,
    gains: np.ndarray,
    muted: Sequence[bool],
    *,
    dmax_m: float,
) -> Messages:
    """The messages that tell all of N objects, which ADM-OSC numbers from 1.

    Parameters
    ----------
    names : sequence of str
    azimuth_deg, elevation_deg : np.ndarray
        (N,) float, degrees, listener's frame; azimuth positive to the left, as ADM has it, too.
    distance_m : np.ndarray
        (N,) float, metres.
    gains : np.ndarray
        (N,) float, factors.
    muted : sequence of bool
    dmax_m : float
        The distance in metres that ADM-OSC calls 1; what is farther away is said to be there.

    Returns
    -------
    dict
        The arguments of each address: of the scene ``/adm/obj/*/dmax`` in metres, of object n ``/adm/obj/n/name``,
        ``/gain`` (linear), ``/mute`` (0 or 1) and ``/aed`` (azimuth and elevation in degrees, and distance, 0 to 1),
        in the order in which they are sent.

    Raises
    ------
    ValueError
        If a number is not finite, or `dmax_m` not positive.

    Notes
    -----
    ADM-OSC 1.0 (the "quick reference" and the section "Distance"). A place is one message, so that no half of it is
    heard. What a renderer makes of the distance is its own affair: those of metres read ``dmax``, most others have all
    objects on or inside the loudspeakers, which stand at 1. A gain may be more than 1; what is too much for a receiver
    it is to lower. Notebook: 09_your_own.
    """
    if not (dmax_m > 0 and np.isfinite(dmax_m)):
        raise ValueError(f"dmax_m={dmax_m} must be a positive number of metres; it is the distance that is sent as 1")
    numbers = np.array([azimuth_deg, elevation_deg, np.divide(distance_m, dmax_m), gains], dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise ValueError("a place or a gain is not a finite number; look at where the sources are")
    messages: Messages = {"/adm/obj/*/dmax": (float(dmax_m),)}
    for k, (azimuth, elevation, distance, gain) in enumerate(numbers.T.tolist()):
        messages |= {
            f"/adm/obj/{k + 1}/name": (str(names[k])[:NAME_LENGTH],),
            f"/adm/obj/{k + 1}/gain": (gain,),
            f"/adm/obj/{k + 1}/mute": (int(muted[k]),),
            f"/adm/obj/{k + 1}/aed": (azimuth, elevation, min(distance, 1.0)),
        }
    return messages


class AdmOscSender:
    """Tells a receiver all that there is, and then, as long as it is open, what has changed.

    Parameters
    ----------
    state : callable
        Gives the messages that tell everything, as `adm_osc_messages`; asked in a thread of its own.
    host : str
        The receiver: its name or address. Nothing leaves this machine unless another one is named.
    port : int
    failed : callable, optional
        Is told once, in a sentence, when nothing can be sent; it is tried again every second.

    Raises
    ------
    ValueError
        If the host is not known, or the port not in 1 to 65535.
    OSError
        If the first messages cannot be sent.
    ModuleNotFoundError
        Without python-osc, the extra ``osc``.

    Notes
    -----
    After `changed` the messages whose arguments are new are sent at once, but no more often than `MOST_PER_S`: while a
    source is dragged places are left out, and the last one is always sent. UDP gives no answer: who listens from later
    on gets the whole by `resend`. Notebook: 09_your_own.
    """

    def __init__(
        self,
        state: Callable[[], Messages],
        host: str = "127.0.0.1",
        port: int = PORT,
        *,
        failed: Callable[[str], None] | None = None,
    ):
        self._builder = ensure_osc()
        if not (isinstance(port, int) and 1 <= port <= 65535):
            raise ValueError(f"port={port!r} must be a whole number from 1 to 65535; ADM-OSC's own is {PORT}")
        family, self._address = _address_of(host, port)
        self.host, self.port = host, port
        self._state, self._failed = state, failed
        self._sent: Messages = {}
        self._one_at_a_time = threading.Lock()
        self._changed, self._closing = threading.Event(), threading.Event()
        self._running = False
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._send()
        except BaseException as error:
            self._socket.close()
            if isinstance(error, OSError):
                raise OSError(f"{self._told(error)}; look at the address and the network") from error
            raise
        self._thread = threading.Thread(target=self._work, name="ADM-OSC", daemon=True)
        self._thread.start()

    def __enter__(self) -> AdmOscSender:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"AdmOscSender({self.host}:{self.port}, {'closed' if self.closed else 'open'})"

    @property
    def closed(self) -> bool:
        """Whether nothing is sent any more."""
        return self._closing.is_set()

    @property
    def running(self) -> bool:
        """Whether the state changes by itself, so that it is asked for `MOST_PER_S` times a second."""
        return self._running

    @running.setter
    def running(self, value: bool) -> None:
        self._running = bool(value)
        self._changed.set()

    def changed(self) -> None:
        """Send what is new; this returns at once."""
        self._changed.set()

    def resend(self) -> None:
        """Send everything anew, for a receiver that has just begun to listen; this returns at once."""
        with self._one_at_a_time:
            self._sent = {}
        self._changed.set()

    def close(self) -> None:
        """Send what is new, and nothing from then on."""
        self._closing.set()
        self._changed.set()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _told(self, error: Exception) -> str:
        return f"ADM-OSC to {self.host}:{self.port} cannot be sent: {error}"

    def _send(self) -> None:
        with self._one_at_a_time:
            for address, arguments in self._state().items():
                if self._sent.get(address) != arguments:
                    message = self._builder(address)
                    for argument in arguments:  # a float is sent as 32 bits, an int as one: receivers look at that
                        message.add_arg(argument)
                    self._socket.sendto(message.build().dgram, self._address)
                    self._sent[address] = arguments

    def _work(self) -> None:
        silent = False
        while True:
            self._changed.wait(1 / MOST_PER_S if self._running else None)
            self._changed.clear()
            last, rest_s = self._closing.is_set(), 1 / MOST_PER_S
            try:
                self._send()
                silent = False
            except Exception as error:  # a thread has no caller
                if not silent and self._failed is not None:
                    self._failed(self._told(error))
                silent, rest_s = True, REST_S
                self._changed.set()
            if last:
                self._socket.close()
                return
            self._closing.wait(rest_s)


def _address_of(host: str, port: int) -> tuple[socket.AddressFamily, Any]:
    """The family of a receiver's address, and the address; of IPv4 where it has one, as most renderers listen there."""
    try:
        found = socket.getaddrinfo(str(host), port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:
        raise ValueError(f"host {host!r} is not known ({error}); give the receiver's name or address") from error
    family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return family, address
