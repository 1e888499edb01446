"""What the titles show and sound like: one test source of ffmpeg, and pictures drawn over it, frame by frame.

Nothing here is random, and no date goes in: the same Pillow draws the same pictures.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

WIDTH, HEIGHT, RATE = 320, 180, 24
SCALE = 3  # captions and scenery are drawn three times as large, then reduced: smooth edges
PLATE, SAND = (10, 8, 24, 170), (255, 226, 178)
Colour = tuple[int, int, int]
Scenery = Callable[[Image.Image, float], Image.Image]


@dataclass(frozen=True)
class Light:
    """The colours of an hour: the glow about the sun or moon, its disc, the ridges from far to near."""

    glow: Colour
    disc: Colour
    ridges: tuple[Colour, Colour, Colour, Colour, Colour]


EVENING = Light(
    glow=(255, 196, 130),
    disc=(255, 240, 205),
    ridges=((196, 92, 104), (146, 62, 98), (97, 42, 86), (56, 27, 68), (26, 14, 42)),
)
DAY = Light(
    glow=(255, 246, 205),
    disc=(255, 252, 232),
    ridges=((124, 170, 186), (88, 143, 150), (62, 118, 108), (40, 88, 76), (22, 58, 52)),
)
NIGHT = Light(
    glow=(150, 170, 232),
    disc=(232, 237, 255),
    ridges=((50, 60, 112), (38, 44, 90), (27, 31, 68), (18, 20, 48), (10, 11, 30)),
)
DAY_SKY, NIGHT_SKY = ("#3f86c9", "#86bce2", "#e6f1ee"), ("#070a26", "#171c4c", "#454a86")


def hills(layer: Image.Image, progress: float, light: Light = EVENING) -> Image.Image:
    """Draw a setting sun and five ridges that pass at their own speeds; progress runs from 0 to 1."""
    width, height = layer.size
    sun_x, sun_y, radius = width * 0.66, height * (0.36 + 0.14 * progress), height * 0.115
    glow = Image.new("RGBA", layer.size, (*light.glow, 0))
    halo = Image.new("L", layer.size, 0)
    for reach, strength in ((3.2, 40), (2.2, 60), (1.5, 90)):
        ImageDraw.Draw(halo).circle((sun_x, sun_y), radius * reach, fill=strength)
    glow.putalpha(halo.filter(ImageFilter.GaussianBlur(radius * 0.55)))
    layer.alpha_composite(glow)
    draw = ImageDraw.Draw(layer)
    draw.circle((sun_x, sun_y), radius, fill=(*light.disc, 255))
    shapes = ((0.54, 0.055), (0.62, 0.060), (0.70, 0.060), (0.79, 0.050), (0.88, 0.040))
    for depth, ((top, rise), colour) in enumerate(zip(shapes, light.ridges, strict=True)):
        shift = progress * (0.04 + 0.07 * depth**1.4) + depth * 1.7
        ridge = [
            (x, height * (top + rise * _ridge((x / width + shift) * (1 + 0.18 * depth), depth)))
            for x in range(0, width + 4, 4)
        ]
        draw.polygon([(0, height), *ridge, (width, height)], fill=(*colour, 255))
    return layer


def _ridge(x: float, depth: int) -> float:
    return (
        0.60 * math.sin(5.1 * x + depth) + 0.28 * math.sin(11.3 * x + 2 * depth) + 0.12 * math.sin(27.7 * x + 3 * depth)
    )


def day_and_night(layer: Image.Image, progress: float) -> Image.Image:
    """Draw the hills by day in the first half and by night in the second: nobody can miss the change of key."""
    light, (top, middle, low) = (DAY, DAY_SKY) if progress < 0.5 else (NIGHT, NIGHT_SKY)
    sky = ImageOps.colorize(Image.linear_gradient("L"), top, low, middle, midpoint=90, whitepoint=160)
    layer.paste(sky.resize(layer.size))
    return hills(layer, progress, light)


def plain(layer: Image.Image, _progress: float) -> Image.Image:
    """Leave the test source as it is."""
    return layer


@dataclass(frozen=True)
class Picture:
    """One title: the test source of ffmpeg, what is drawn over it, the tone, the quality (x264 rate factor).

    `frames` and `gop` count video frames; each key period is an equal share of `frames`.
    """

    source: str
    scenery: Scenery
    tone: str
    quality: int
    frames: int = 120
    gop: int = 48
    key_per_track: bool = False


PICTURES = {
    "dummy": Picture(f"testsrc2=s={WIDTH}x{HEIGHT}", plain, "0.2*sin(2*PI*440*t)", 27),
    "film": Picture(
        f"gradients=s={WIDTH}x{HEIGHT}:n=4:x0=0:y0=0:x1=0:y1=140:speed=0.00001"
        ":c0=0x1d1b4c:c1=0x6a3a86:c2=0xe86f75:c3=0xffc27d",
        hills,
        "0.09*(sin(2*PI*220*t)+sin(2*PI*277.18*t)+sin(2*PI*329.63*t))",
        20,
    ),
    "kid-uri": Picture(f"testsrc2=s={WIDTH}x{HEIGHT}", plain, "0.2*sin(2*PI*523.25*t)", 30),
    "key-per-track": Picture(f"testsrc2=s={WIDTH}x{HEIGHT}", plain, "0.2*sin(2*PI*659.25*t)", 30, key_per_track=True),
    # 64 pictures last as long as 125 AAC frames of 1024 samples at 48 kHz, 8/3 s, and nothing shorter comes
    # out even: so a period is 64 pictures, and picture and sound change their key at the same instant.
    "rotation": Picture(
        f"color=black:s={WIDTH}x{HEIGHT}",
        day_and_night,
        "0.09*(sin(2*PI*196*t)+sin(2*PI*246.94*t)+sin(2*PI*293.66*t))",
        20,
        frames=128,
        gop=32,
    ),
}


def overlay(name: str, picture: Picture, frame: int, periods: int) -> bytes:
    """Return one RGBA picture: the scenery, the title's name, the running time code, the key if there are several."""
    layer = Image.new("RGBA", (WIDTH * SCALE, HEIGHT * SCALE), (0, 0, 0, 0))
    layer = picture.scenery(layer, frame / picture.frames)
    band = Image.new("RGBA", layer.size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(band)
    bar = (12 * SCALE, (HEIGHT - 38) * SCALE, (WIDTH - 12) * SCALE, (HEIGHT - 10) * SCALE)
    draw.rounded_rectangle(bar, radius=8 * SCALE, fill=PLATE)
    middle = (bar[1] + bar[3]) / 2
    title, code = ImageFont.load_default(17 * SCALE), ImageFont.load_default(13 * SCALE)
    draw.text((bar[0] + 11 * SCALE, middle), name, font=title, anchor="lm", fill="white")
    # One cell per character: the digits of this font differ in width and would jitter.
    second, part = divmod(frame, RATE)
    text = f"00:00:{second:02}:{part:02}"
    left = bar[2] - (len(text) + 0.8) * 7.6 * SCALE
    for place, character in enumerate(text):
        at = (left + (place + 0.5) * 7.6 * SCALE, middle)
        draw.text(at, character, font=code, anchor="mm", fill=SAND)
    if periods > 1:
        draw.rounded_rectangle((12 * SCALE, 10 * SCALE, 78 * SCALE, 38 * SCALE), radius=8 * SCALE, fill=PLATE)
        number = frame * periods // picture.frames + 1
        draw.text((45 * SCALE, 24 * SCALE), f"key {number}", font=title, anchor="mm", fill=SAND)
    layer.alpha_composite(band)
    return bytes(layer.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).tobytes())
