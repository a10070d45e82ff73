# SPDX-License-Identifier: Apache-2.0
"""How often a sensor publishes, what gets lost, and how old its messages are at arrival."""

from __future__ import annotations

import numpy as np

from ami_ros.body.sensors import Sensor
from ami_ros.doctor.finding import Finding
from ami_ros.doctor.live.heard import HeardTopic
from ami_ros.recordings.importing.track import TopicHealth, in_order

RATE_OFF = 0.2  # largest relative difference from the YAML's rate
LATE_SHARE, FEW_SHARE = 0.9, 0.5  # of the control rate: slower, and plans are late; no usable plan
LOST_SHARE = 0.1  # more is too much for a control loop
OLD_SHARE = 0.5  # of the age limit: after one hiccup the robot holds
ANOTHER_CLOCK_S = 86_400.0  # no delay is that long
DRIVER_SHARE = 0.5  # of the age at the time of sending: the driver's part


def health_of(sensor: Sensor, heard: HeardTopic, step_ns: int) -> TopicHealth:
    """Return how regularly a sensor publishes; `step_ns` is the duration of a control step."""
    health = TopicHealth(heard.name, heard.type, sensor.rate_hz, messages=len(heard.samples))
    times = heard.times
    health.see(times, in_order(times.tolist())[0], [], int(times[0]), step_ns // 2)
    return health


def rate(sensor: Sensor, heard: HeardTopic, duration_s: float, least_hz: float) -> Finding:
    """Check the rate at which messages were sent: lost ones count.

    Args:
        sensor: the sensor.
        heard: its messages.
        duration_s: listening time.
        least_hz: rate that the planner needs; 0: any.
    """
    name, expected = f"{sensor.name}: rate", f"sensors.{sensor.name}.rate_hz is {sensor.rate_hz:g}"
    times = in_order(heard.times.tolist())[0]
    if len(times) < 2:
        found = f"{len(heard.samples)} messages in {duration_s:g} s, {expected}"
        return Finding(name, "fail", found, "make the driver publish as often as rate_hz says")
    hz = 1e9 * (len(times) - 1 + heard.missed) / float(times[-1] - times[0])
    found, figures = f"{hz:.4g} Hz, {expected}", {"rate_hz": hz, "expected_hz": sensor.rate_hz}
    if hz * sensor.max_age_s < 1.0:
        advice = (
            f"the robot holds between two messages (max_age_s {sensor.max_age_s:g}): make the driver publish "
            "faster"
        )
        return Finding(name, "fail", found, advice, figures)
    if hz < LATE_SHARE * least_hz:
        advice = f"make the driver publish faster: the planner plans at {least_hz:g} Hz (actions.rate_hz)"
        return Finding(name, "fail" if hz < FEW_SHARE * least_hz else "warn", found, advice, figures)
    if abs(hz / sensor.rate_hz - 1.0) > RATE_OFF:
        advice = (
            f"make the driver publish at {sensor.rate_hz:g} Hz, or write "
            f"sensors.{sensor.name}.rate_hz: {hz:.3g} in the robot's YAML"
        )
        return Finding(name, "warn", found, advice, figures)
    return Finding(name, "ok", found, "", figures)


def losses(sensor: Sensor, heard: HeardTopic, health: TopicHealth) -> Finding:
    """Check for missing, duplicate and out-of-order messages."""
    longest_s = max((length for _, length in health.gaps), default=0.0)
    share = heard.missed / (heard.missed + health.messages)
    figures = {"lost_share": share, "gaps": float(len(health.gaps)), "longest_gap_s": longest_s}
    wrong, advice = [], []
    if heard.missed:
        wrong.append(f"{heard.missed} of {heard.missed + health.messages} messages were lost (best effort)")
        advice.append(
            "messages are lost in transport: see DDS profile and shared memory above, and the processor "
            "load; make large images smaller, or compress them"
        )
    if health.gaps:
        wrong.append(f"{len(health.gaps)} gaps in stamps, the longest {longest_s:.2f} s")
    if health.gaps and not heard.missed:
        advice.append("the driver skips messages: check its load, exposure time and bus")
    if health.duplicates:
        wrong.append(f"{health.duplicates} with the stamp of another message")
        advice.append("make the driver stamp each message with the time of measurement, and publish it once")
    if health.out_of_order:
        wrong.append(f"{health.out_of_order} older than the message before")
        advice.append("keep one publisher with one clock: time that goes back counts as a reset")
    name = f"{sensor.name}: losses"
    if not wrong:
        return Finding(name, "ok", f"none in {health.messages} messages", "", figures)
    is_bad = share > LOST_SHARE or longest_s > sensor.max_age_s
    return Finding(name, "fail" if is_bad else "warn", "; ".join(wrong), "; ".join(advice), figures)


def stamps(sensor: Sensor, heard: HeardTopic, future_s: float, has_clock: bool) -> Finding:
    """Check stamps against arrival times.

    Args:
        sensor: the sensor.
        heard: its messages.
        future_s: how far ahead a stamp may be.
        has_clock: whether the nodes' time is /clock.
    """
    name = f"{sensor.name}: latency"
    stamped = [sample for sample in heard.samples if sample.stamp_ns is not None]
    if not stamped:
        return Finding(name, "ok", f"{heard.type} has no stamp: the time of arrival counts")
    if any(sample.stamp_ns == 0 for sample in stamped):
        advice = "make the driver set header.stamp to the time of measurement, in ROS time"
        return Finding(name, "fail", "stamps are zero", advice)
    timed = [sample for sample in stamped if sample.now_ns is not None]
    if not timed:
        return Finding(
            name, "warn", "no /clock to compare with", "unpause the simulator that publishes /clock"
        )
    ages = np.array([(sample.now_ns or 0) - (sample.stamp_ns or 0) for sample in timed]) / 1e9
    usual, oldest, youngest = (float(value) for value in (np.median(ages), ages.max(), ages.min()))
    figures = {"latency_s_p50": usual, "latency_s_max": oldest, "latency_s_min": youngest}
    limit_s = sensor.max_age_s
    if abs(usual) > ANOTHER_CLOCK_S:
        return Finding(name, "fail", f"stamps are {usual:.4g} s old", _other_clock(has_clock), figures)
    if youngest < -future_s:
        found = f"stamps up to {-youngest:.3f} s in the future, at most {future_s:g} are accepted"
        advice = "the clocks do not agree: synchronise the sender's computer with this one (chrony, PTP)"
        return Finding(name, "fail", found, advice, figures)
    found = f"{1e3 * usual:.0f} ms, at most {1e3 * oldest:.0f}; the robot holds at {1e3 * limit_s:.0f}"
    if usual > OLD_SHARE * limit_s or oldest > limit_s:
        waited = [sample.sent_ns - (sample.stamp_ns or 0) for sample in timed if sample.sent_ns]
        before_s = 0.0 if has_clock or not waited else float(np.median(waited)) / 1e9
        level = "fail" if usual > limit_s else "warn"
        return Finding(name, level, found, _late(usual, before_s, has_clock), figures)
    return Finding(name, "ok", found, "", figures)


def _late(usual_s: float, before_s: float, has_clock: bool) -> str:
    if has_clock:
        return "the simulator's stamps disagree with its /clock, or this machine is too slow for it"
    if before_s > DRIVER_SHARE * usual_s:
        return (
            f"stamped {before_s:.3f} s before being sent: make the driver stamp at the measurement, with a "
            "clock that agrees with this one (chrony, PTP), and send at once"
        )
    return (
        "delayed in transport, or sent by a computer whose clock is behind: synchronise the clocks (chrony, "
        "PTP), then check network and processor load"
    )


def _other_clock(has_clock: bool) -> str:
    if has_clock:
        return "/clock has another time: set use_sim_time for the driver, or stop the publisher of /clock"
    return (
        "the stamps come from another clock, such as one that starts at boot or a simulator's: make the "
        "driver stamp in ROS time, or make the simulator publish /clock"
    )
