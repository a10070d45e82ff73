# SPDX-License-Identifier: Apache-2.0
"""The two clocks of the simulator: real time, and lock-step."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from rclpy.executors import SingleThreadedExecutor

from ami_ros.ros.simulator.sim_node import SimNode
from ami_ros.sim.loop.lateness import LATE_TICKS

IDLE_S = 0.05  # how often a waiting loop looks around
HELLO_S = 2.0  # how long the lock-step waits for an answer before it tries again
REHEARSAL_NS = 3_600_000_000_000  # how much later than the start the rehearsal is stamped: after any episode
REHEARSALS = 3  # tries; then the episode begins anyway, and reports at each step what is missing
LOG_S = 5.0
SILENT_SHARE = 0.1  # of the waiting time, for a gate that did not answer the last tick
MOST_WAITING = 5  # messages that a late tick takes: more than arrive in one tick, so that none wait for long


class RealTime:
    """Ticks by the wall clock: one command and joint state per tick, images at the camera's rate."""

    def __init__(self, node: SimNode, executor: SingleThreadedExecutor, stopped: Callable[[], bool]) -> None:
        self._node, self._executor, self._stopped = node, executor, stopped
        self._ticks_per_step = max(1, round(node.spec.step_ns / node.tick_ns))

    def run(self) -> None:
        """Run until stopped."""
        node, tick_s = self._node, self._node.tick_ns / 1e9
        running, episode, tick = False, -1, 0
        due = time.monotonic()
        while not self._stopped():
            self._spin_until(due)
            due = max(due + tick_s, time.monotonic() - LATE_TICKS * tick_s)
            if not running or episode != node.episode.number:
                tick = 0
            running, episode = not node.stands, node.episode.number
            now = node.now_ns()
            node.lateness.note_tick(now)
            node.inject(now)
            hz = 1e9 / node.tick_ns
            node.sensors.publish_vectors(now, tick, hz)
            if running:  # while paused, world and camera stand still: there are no plans, and the gate holds
                node.sensors.publish_images(now, tick, hz)
                self._move(tick)
                tick += 1

    def _spin_until(self, due: float) -> None:
        for _ in range(MOST_WAITING):
            self._executor.spin_once(timeout_sec=0.0)
            if time.monotonic() < due:
                break
        while (left := due - time.monotonic()) > 0.0 and not self._stopped():
            self._executor.spin_once(timeout_sec=left)

    def _move(self, tick: int) -> None:
        node, scene = self._node, self._node.episode.scene
        if tick % self._ticks_per_step == 0:
            node.publish_truth(final=False)
        scene.advance(node.follow(node.now_ns()), node.tick_ns)
        if (tick + 1) % self._ticks_per_step == 0:
            node.finish_step()


class LockStep:
    """Makes the time: each control step waits for the gate's verdict, each tick for its command.

    One step: publish truth, joints and image stamped t; wait for the verdict on the proposal stamped t; then,
    tick by tick, publish /clock, wait for the command with that stamp, and step the physics.
    """

    def __init__(self, node: SimNode, executor: SingleThreadedExecutor, stopped: Callable[[], bool]) -> None:
        self._node, self._executor, self._stopped = node, executor, stopped
        self._ready_episode = -1
        self._rehearsals = 0
        self._silent = False  # whether the gate gave no answer at the last tick

    def run(self) -> None:
        """Run until stopped."""
        while not self._stopped():
            if self._node.paused:
                self._executor.spin_once(timeout_sec=IDLE_S)
            elif self._ready_episode != self._node.episode.number:
                self._begin()
            else:
                self._step()

    def _begin(self) -> None:
        """Wait until all subscriptions match and the gate has noticed that time starts again."""
        node, episode, start = self._node, self._node.episode.number, self._node.now_ns()
        wanted = node.settings.observers
        if not self._wait(lambda: not node.sensors.missing(wanted), HELLO_S, episode):
            self._waits(node.sensors.missing(wanted))
            return
        if wanted and self._rehearsals < REHEARSALS and not self._rehearse(start + REHEARSAL_NS, episode):
            self._waits("the gate's verdict on a first proposal")
            return
        self._silent = False
        # Once per try: at this message the gate forgets everything, also joints that overtook it.
        node.verdict_stamp_ns = -1
        node.publish_clock(start)
        if self._wait(lambda: node.verdict_stamp_ns == start, HELLO_S, episode):
            self._ready_episode = episode
        else:
            self._waits("the gate (use_sim_time:=true) to answer /clock on safety/verdict")

    def _rehearse(self, stamp_ns: int, episode: int) -> bool:
        """Return whether a proposal got from the camera through planner and gate; nothing moves.

        Else the first proposal might be sent before the gate is connected to the planner. It is stamped later
        than the start, so that at the start time jumps back, and all nodes forget it.
        """
        node = self._node
        node.publish_clock(stamp_ns)
        node.inject(stamp_ns)
        node.sensors.publish_vectors(stamp_ns)
        node.sensors.publish_images(stamp_ns)
        heard = self._wait(lambda: node.judged_stamp_ns == stamp_ns, HELLO_S, episode)
        self._rehearsals = REHEARSALS if heard else self._rehearsals + 1
        return heard

    def _waits(self, what: str) -> None:
        if not self._stopped():
            self._node.get_logger().info(f"lock-step waits for {what}", throttle_duration_sec=LOG_S)

    def _step(self) -> None:
        node, episode = self._node, self._node.episode.number
        settings, scene, stamp = node.settings, node.episode.scene, node.now_ns()
        node.publish_truth(final=False)
        node.inject(stamp)
        node.sensors.publish_vectors(stamp)
        node.sensors.publish_images(stamp)
        if not self._wait(lambda: node.judged_stamp_ns == stamp, settings.verdict_timeout_s, episode):
            self._missed(f"no verdict on a proposal stamped {stamp} ns within {settings.verdict_timeout_s} s")
        for _ in range(round(node.spec.step_ns / node.tick_ns)):
            if self._over(episode):
                return
            tick = scene.time_ns + node.tick_ns
            node.publish_clock(tick)
            node.asks = True
            patience_s = settings.tick_timeout_s * (SILENT_SHARE if self._silent else 1.0)
            self._silent = not self._wait(partial(self._commanded, tick), patience_s, episode)
            node.asks = False
            if self._silent:
                self._missed(f"no command stamped {tick} ns within {patience_s} s")
            if self._over(episode):
                return
            scene.advance(node.follow(scene.time_ns), node.tick_ns)
        node.finish_step()

    def _commanded(self, tick_ns: int) -> bool:
        return self._node.command_stamp_ns == tick_ns

    def _wait(self, condition: Callable[[], bool], timeout_s: float, episode: int) -> bool:
        deadline = time.monotonic() + timeout_s
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0.0 or self._over(episode):
                return False
            self._executor.spin_once(timeout_sec=min(left, IDLE_S))
        return True

    def _over(self, episode: int) -> bool:
        return self._stopped() or self._node.episode.number != episode

    def _missed(self, what: str) -> None:
        if not self._stopped():
            self._node.timeouts += 1
            self._node.get_logger().warning(
                f"lock-step: {what}; the robot continues without it", throttle_duration_sec=LOG_S
            )
