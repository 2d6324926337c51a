# SPDX-License-Identifier: Apache-2.0
"""`docker run` of a small image by an engine of the benchmark's own, under hardened and under its runc."""
from collections.abc import Iterator

from lib.docker import CLIENT, IMAGE, Docker

from benchmark import figure, paired
from benchmark.line import Line
from benchmark.paired import Runner, always
from benchmark.place import Place

TURNS = 50


def runs(place: Place, runner: Runner) -> Iterator[Line]:
    place.become("runc")
    engine = Docker()
    engine.start()
    client = Runner(runner.timed, runner.scale, engine.environment())
    try:
        line = (CLIENT, "run", "--rm", "--runtime")
        taken = client.in_turns(TURNS, {name: always(*line, name, IMAGE, "true") for name in ("runc", "hardened")})
    finally:
        engine.stop()
    times = {name: paired.whole(samples) for name, samples in taken.items()}
    plain = figure.median(times["runc"]).middle
    ratio = figure.ratio(times["hardened"], times["runc"])
    group = "a whole `docker run --rm busybox true`"
    yield Line(group, f"hardened / runc ({plain:.0f} ms)", ratio, "x", 1.03)
    yield Line(group, "hardened less runc", figure.difference(times["hardened"], times["runc"]), "ms")
