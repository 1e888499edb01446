"""Every number that a player can meet: those of the services, and this emulator's own. Data only."""

from simulation.numbers import NUMBERS, numbers_of

# fmt: off
EMULATOR = numbers_of(
    "the emulator",
    (-9101, "any", "no answer", "Nothing answers at a service's address, or not in HTTP, or not in time.",
     "start the service; check --sees and --expressplay"),
    (-9102, "any", "unexpected answer", "Something answers that is not the service meant, or does not keep to its API.",
     "check --sees and --expressplay: they may be swapped"),
    (-9103, "0 and 6", "bad playlist", "The playlist is no HLS playlist, or not one encrypted for FairPlay.",
     "check the address, and how the title was packaged"),
    (-9104, "0 and 6", "bad key URI", "The URI of the EXT-X-KEY names no content id and carries no token.",
     "write skd://<content id>; do not encode, cut or fetch it on the way"),
    (-9105, "3 and 10", "messageID differs", "SEES answered another message; the entitlement counts as denied.",
     "SEES must echo the request's messageID"),
    (-9106, "before 0", "bad provisioning", "What provisioning gave is no certificate and ASk.",
     "check that --expressplay is the address of expressplay-mock"),
    (-9107, "0 and 6", "unknown title", "SEES serves no such title.", "name one that GET /titles lists"),
    (-9108, "after 13", "rental ran out", "The license's rental seconds, counted from its download, have passed on the"
     " device's clock.", "rent again: play anew, with a new license"),
    (-9109, "any", "bad address", "An address that cannot be a service's.", "write it like http://127.0.0.1:8080"),
    (-9110, "6 and after 13", "playback failed", "The media cannot be played, or the frames are not those of the clear"
     " source: no key, a wrong key, damaged media, another container.", "do what the error's own line says"),
    (-9111, "after 13", "lease ran out", "The license's lease, counted from the creation of its SPC, has ended on the"
     " device's clock, and no renewal came in time.", "find out why the renewal was refused, then play anew"),
    (-9112, "none", "bad recording", "The file is no recording of this format, or cannot be played again.",
     "record a run with a cookie of its own: fps-emulator bind --cookie … --recording FILE"),
    (-9113, "the one named", "replay differs", "The recorded run went another way against this SEES.",
     "compare expected and found; the recording tells what each party did there"),
    (-9114, "after 13", "stored key expired", "The rental seconds of a key that the device kept have passed on its"
     " clock.", "download the title again, with a new license"),
    (-9115, "none", "no such kept title", "The device's state holds no such title, or one of another device, or a"
     " damaged one.", "play it once with --state and a server, on this device"),
    (-9116, "13", "key not persistent", "The license is good for this playback only; the device may not keep its key.",
     "set persistent = true for the title in the catalog"),
    (-9117, "any", "TLS failed", "One side speaks TLS and the other does not, or one refuses the other's certificate.",
     "check http:// and https://; name the authority with --ca, and for SEES a --client-certificate"),
    (-9118, "after 13", "cannot tell", "All frames were decoded, but so they were under random keys: nothing shows"
     " which key is right.", "look at the still picture (--still), or put frames.json beside the playlist"),
    (-9119, "13", "output not protected", "The license asks for an output with a stronger HDCP than the device's.",
     "play on a protected output (--hdcp), or ask for less by the token's hdcp extension"),
    (-9120, "6", "license not renewable", "The kept license came by a token in the key line, so there is no content id"
     " to ask SEES for.", "play the title from its playlist again, with --state"),
)
# fmt: on

MEANINGS = NUMBERS + EMULATOR
