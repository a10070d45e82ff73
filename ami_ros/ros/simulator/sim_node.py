# SPDX-License-Identifier: Apache-2.0
"""The simulated robot as a ROS node: camera, joints, a controller, and services to start episodes."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image, JointState
from std_msgs.msg import String
from std_srvs.srv import SetBool, Trigger
from trajectory_msgs.msg import JointTrajectory

from ami_ros.config import load_settings
from ami_ros.configuration import Configuration
from ami_ros.errors import AmiError
from ami_ros.node_settings import NodeSettings, SimSettings
from ami_ros.ros.simulator.camera_info import camera_info
from ami_ros.ros.wire.guard import ErrorLog, guarded
from ami_ros.ros.wire.messages import command_from_ros, image_to_ros, joints_to_ros, stamp_from_ns
from ami_ros.ros.wire.parameters import declare_settings, refuse_unknown, settings_from_parameters
from ami_ros.ros.wire.qos import LATCHED, LATCHED_HISTORY, STATE
from ami_ros.ros.wire.verdicts import judgement_from_ros
from ami_ros.share import config_path
from ami_ros.sim.camera.perturbation import Perturbation
from ami_ros.sim.faults.injection import FaultInjection
from ami_ros.sim.faults.joints import JointReading
from ami_ros.sim.loop.controller import SimController
from ami_ros.sim.loop.episode import SimEpisode
from ami_ros.sim.tasks.known import load_task
from ami_ros.sim.world.scene import Scene
from ami_ros.types import Level

# No step of a lock-step episode may be at time zero, which ROS messages use for "not set".
START_NS = 1_000_000_000
IMAGES = QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE)
TRUTH = QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE)


class SimNode(Node):
    """Its topics are those of `sim` in launch_arguments.py; the two clocks that drive it are in `clocks`."""

    def __init__(self) -> None:
        super().__init__("sim")
        declare_settings(self, load_settings(NodeSettings, config_path("node.yaml")))
        declare_settings(self, load_settings(SimSettings, config_path("sim.yaml")))
        refuse_unknown(self)
        self.settings = settings_from_parameters(self, SimSettings)
        common = settings_from_parameters(self, NodeSettings)
        configuration = Configuration.load(common.robot, common.task)
        self.spec, gate = configuration.spec, configuration.safety
        task = load_task(configuration.task, self.spec)
        self.episode = SimEpisode(Scene(self.spec, self.settings.physics_hz), task)
        self.tick_ns = round(1e9 / gate.rate_hz)
        self.controller = SimController(
            self.spec,
            configuration.safety_node.stall_s,
            self.tick_ns / 1e9,
            gate.workspace_margin,
        )
        self._injection = FaultInjection(self.episode.scene, self.spec, task)
        self.paused = self.settings.lock_step
        self.timeouts = 0
        self.command_stamp_ns = self.judged_stamp_ns = self.verdict_stamp_ns = -1
        self.errors = ErrorLog(self)
        self._create_topics()
        self._reset()

    def _create_topics(self) -> None:
        self._clock_topic = (
            self.create_publisher(Clock, "/clock", LATCHED) if self.settings.lock_step else None
        )
        self.images = self.create_publisher(Image, "camera/image_raw", IMAGES)
        self._info = self.create_publisher(CameraInfo, "camera/camera_info", IMAGES)
        self.joints = self.create_publisher(JointState, "joint_states", STATE)
        self._goal = self.create_publisher(Image, "~/goal_image", LATCHED)
        self._truth = self.create_publisher(String, "~/truth", TRUTH)
        self.commands = self.create_subscription(
            JointTrajectory,
            "joint_trajectory_controller/joint_trajectory",
            guarded(self.errors, self._on_command),
            STATE,
        )
        on_verdict = guarded(self.errors, self._on_verdict)
        self.create_subscription(DiagnosticArray, "safety/verdict", on_verdict, LATCHED_HISTORY)
        self.create_service(Trigger, "~/reset", self._on_reset)
        self.create_service(SetBool, "~/pause", self._on_pause)

    def now_ns(self) -> int:
        """Return the time that stamps are made of: the simulated one in lock-step."""
        return self.episode.scene.time_ns if self.settings.lock_step else self.get_clock().now().nanoseconds

    def live(self, name: str) -> Any:
        """Return the current value of a parameter that may change."""
        return self.get_parameter(name).value

    def publish_clock(self, time_ns: int) -> None:
        """Publish the simulated time (lock-step only)."""
        if self._clock_topic is not None:
            self._clock_topic.publish(Clock(clock=stamp_from_ns(time_ns)))

    def publish_joints(self, stamp_ns: int) -> None:
        """Publish where the joints are, or what a fault makes of that."""
        self._injection.want(str(self.live("fault")), int(self.live("fault_seed")), stamp_ns)
        position, velocity = self.episode.scene.joints()
        hold = self.spec.simulation
        reading = JointReading(
            (*self.spec.joint_names, *hold.hold_joints),
            np.concatenate([position, hold.hold_position]),
            np.concatenate([velocity, np.zeros(len(hold.hold_joints))]),
            stamp_ns,
        )
        for seen in self._injection.readings(reading):
            self.joints.publish(joints_to_ros(seen.names, seen.position, seen.velocity, seen.stamp_ns))

    def publish_camera(self, stamp_ns: int) -> None:
        """Render and publish one image with its camera info, or what a fault makes of it."""
        camera = self.spec.camera
        for image, stamp in self._injection.images(self.episode.scene.image(), stamp_ns):
            self.images.publish(image_to_ros(image, stamp, camera.frame_id))
            self._info.publish(camera_info(camera, stamp))

    def publish_truth(self, final: bool) -> None:
        """Publish the true state, for scoring only."""
        oracle = self.controller.oracle
        counts = {
            "unsafe_commands": oracle.unsafe,
            "unsafe_by_kind": oracle.counts,
            "moved_after_stop": oracle.moved_after_stop,
            "timeouts": self.timeouts,
            "command_timeout_ns": self.controller.timed_out_ns,
            "fault_ns": self._injection.since_ns,
        }
        self._truth.publish(String(data=self.episode.truth_json(self.now_ns(), final, **counts)))

    def finish_step(self) -> None:
        """Count a control step; after the episode's last one publish the final truth and pause."""
        self.episode.step += 1
        limit = self.live("episode_steps")
        if limit and self.episode.step >= limit:
            self.publish_truth(final=True)
            self.pause(True)

    def pause(self, paused: bool) -> None:
        """Stop or go on. In real time commands from before count no more; lock-step ends its step first."""
        self.paused = paused
        if not self.settings.lock_step:
            self.controller.forget()

    def _reset(self) -> str:
        how = float(self.live("perturb_scale")), bool(self.live("perturb_exactly"))
        looks = Perturbation(str(self.live("perturb")), *how)
        goal_image = self.episode.reset(int(self.live("seed")), looks)
        self.controller.forget()
        self.controller.oracle.start_anew()
        self.timeouts = 0
        self.command_stamp_ns = self.judged_stamp_ns = self.verdict_stamp_ns = -1
        if self.settings.lock_step:
            self.episode.scene.time_ns = START_NS
        # Wall time, also in lock-step, where each episode has the same simulated times: it names the goal.
        goal_stamp_ns = time.time_ns()
        self._goal.publish(image_to_ros(goal_image, goal_stamp_ns, self.spec.camera.frame_id))
        lock_step = self.settings.lock_step
        return self.episode.start_json(
            goal_stamp_ns=goal_stamp_ns, stamp_ns=self.now_ns(), lock_step=lock_step
        )

    def _on_reset(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        try:
            response.message, response.success = self._reset(), True
            if self.settings.lock_step or self.live("episode_steps"):
                self.paused = True
        except AmiError as error:
            response.message, response.success = str(error), False
        return response

    def _on_pause(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        self.pause(request.data)
        response.success, response.message = True, "paused" if request.data else "running"
        return response

    def _on_command(self, message: JointTrajectory) -> None:
        if self.paused and not self.settings.lock_step:
            return
        try:
            command = command_from_ros(message, self.spec.joint_names)
        except AmiError:
            self.controller.oracle.see_malformed()
            raise
        # In lock-step nothing is asked for beyond the next tick: this one belongs to before a ~/reset.
        if self.settings.lock_step and command.stamp_ns > self.now_ns() + self.tick_ns:
            return
        self.controller.take(command, self.episode.scene.joints()[0], self.now_ns())
        self.command_stamp_ns = command.stamp_ns

    def _on_verdict(self, message: DiagnosticArray) -> None:
        judgement = judgement_from_ros(message)
        self.verdict_stamp_ns = judgement.stamp_ns
        if judgement.proposal_stamp_ns is not None:
            self.judged_stamp_ns = judgement.proposal_stamp_ns
        else:
            self.controller.oracle.see_stop(judgement.verdict.level is Level.STOP, judgement.stamp_ns)
