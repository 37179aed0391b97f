"""What attackers do to slip through, and the loud days of honest servers (FACTS section 14)."""
import math
import random

from amplification import amplify
from floods import VECTORS, Bot, Flood, add_flood
from packets import Trace, guarded, text_of
from scans import neighbour
from traffic import background, bulk_transfer, flash_crowd, resolver, two_way_tunnel


def new(seed, family, end, **how):
    rng, trace = random.Random(seed), Trace()
    background(trace, rng, 0.0, end, family, **how)
    return rng, trace


def mix(*, parts, family=4, direction="ingress", rate_pps=2000, seconds=2.5, start=2.0, after=0.7, seed=1, sources=200, amp=""):
    """Several vectors at once: parts = {syn = 0.65, ack_empty = 0.35}; `amp` adds one amplification at a quarter of the rate."""
    rng, trace = new(seed, family, start + seconds + after)
    for vector, share in parts.items():
        add_flood(trace, rng, vector, family=family, egress=direction == "egress", rate_pps=rate_pps * share, start=start, seconds=seconds, sources=sources)
    if amp:
        extra = amplify(amp, family=family, direction=direction, rate_pps=rate_pps / 4, seconds=seconds, start=start, seed=seed + 1, traffic=False)
        trace.frames += extra.frames
    return trace


def carpet(*, vector="udp", family=4, hosts=256, rate_pps=10000, seconds=2.0, start=2.0, after=0.7, seed=1, sources=300):
    """A whole network at once: each address gets little, all together get much."""
    rng, trace = new(seed, family, start + seconds + after)
    add_flood(trace, rng, vector, family=family, egress=False, rate_pps=rate_pps, start=start, seconds=seconds, sources=sources, answered=0.0,
              target=[neighbour(family, n) for n in range(hosts)])
    return trace


def pulses(*, vector="gre_ip", family=4, direction="ingress", rate_pps=150, pulse_s=60.0, every_s=420.0, count=4, start=5.0, seed=1, sources=60):
    """On for a minute, off for six."""
    rng, trace = new(seed, family, start + every_s * (count - 1) + pulse_s + 10, web=0.2, dns=0.1, ssh=False)
    for n in range(count):
        add_flood(trace, rng, vector, family=family, egress=direction == "egress", rate_pps=rate_pps, start=start + n * every_s, seconds=pulse_s,
                  sources=sources, answered=0.0)
    return trace


def ramp(*, vector="gre_ip", family=4, direction="ingress", from_pps=12.0, to_pps=150.0, percent_per_minute=8.0, start=5.0, hold_s=20.0, seed=1, sources=80):
    """Grows by a few percent a minute, so that a short memory calls every next minute normal."""
    growth = math.log(1 + percent_per_minute / 100) / 60
    length = math.log(to_pps / from_pps) / growth
    rng, trace = new(seed, family, start + length + hold_s + 2, web=0.2, dns=0.1, ssh=False)
    egress = direction == "egress"
    f = Flood(trace, rng, family, egress, 0.0, {})
    bots = [Bot(rng, family, guarded(family))] if egress else [Bot(rng, family) for _ in range(sources)]
    now = 0.0
    while now < length + hold_s:
        f.bot = rng.choice(bots)
        VECTORS[vector](f, start + now, f.bot.address, guarded(family))
        now += 1 / (from_pps * math.exp(growth * min(now, length))) * rng.uniform(0.5, 1.5)
    return trace


def as_resolver(*, vector="syn", family=4, rate_pps=1500, seconds=2.5, start=2.0, after=0.7, seed=1):
    """Every packet of the flood claims to come from the host's own resolver."""
    rng, trace = new(seed, family, start + seconds + after)
    address = text_of(resolver(family))
    add_flood(trace, rng, vector, family=family, egress=False, rate_pps=rate_pps, start=start, seconds=seconds, spoofed=address)
    return trace


def crowd(*, family=4, peak_per_s=130.0, seconds=30.0, ramp_s=20.0, seed=1):
    """A page is linked from a large site."""
    rng, trace = new(seed, family, seconds + 6)
    flash_crowd(trace, rng, 3.0, seconds, family, peak_per_s, ramp_s)
    return trace


def download(*, family=4, pps=4000, seconds=5.0, seed=1, upload=False, port=443):
    """One large file: a release fetched (download) or a backup sent (upload)."""
    rng, trace = new(seed, family, seconds + 6)
    bulk_transfer(trace, rng, 3.0, seconds, family, pps, upload=upload, port=port)
    return trace


def tunnel(*, what, family=4, pps=3000, seconds=5.0, seed=1, before_s=3.0, idle_pps=40):
    """A tunnel that is in use both ways, and suddenly in heavy use."""
    rng, trace = new(seed, family, before_s + seconds + 3)
    two_way_tunnel(trace, rng, 0.3, before_s, family, idle_pps, what)
    two_way_tunnel(trace, rng, 0.3 + before_s, seconds, family, pps, what)
    return trace


def closes(*, vector="syn", family=4, rate_pps=1000, seconds=2.0, tail_s=45.0, seed=1):
    """A flood, and then so long an ordinary time that the incident has to end."""
    rng, trace = new(seed, family, 2.0 + seconds + tail_s, web=2.0)
    add_flood(trace, rng, vector, family=family, egress=False, rate_pps=rate_pps, start=2.0, seconds=seconds)
    return trace


def quiet_day(*, family=4, seconds=60.0, seed=1, web=8.0):
    """Nothing but the background."""
    return new(seed, family, seconds, web=web)[1]


RECIPES = {"mix": mix, "carpet": carpet, "pulses": pulses, "ramp": ramp, "as_resolver": as_resolver, "crowd": crowd, "download": download,
           "tunnel": tunnel, "closes": closes, "quiet_day": quiet_day}
