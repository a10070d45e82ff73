# SPDX-License-Identifier: Apache-2.0
"""The planner as a lifecycle node: images and joints in, proposals out, and always a reason."""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from sensor_msgs.msg import CompressedImage, Image, JointState
from std_srvs.srv import SetBool, Trigger
from trajectory_msgs.msg import JointTrajectory
from visualization_msgs.msg import MarkerArray

from ami_ros.body.robot_spec import RobotSpec, load_robot
from ami_ros.config import load_settings
from ami_ros.data.image_header import checked_compressed
from ami_ros.errors import AmiError, ConfigError
from ami_ros.node_settings import NodeSettings, PlannerNodeSettings
from ami_ros.planning.factory import PlannerFactory, world_model_planner
from ami_ros.planning.observation_pairing import ObservationPairing, SeenImage, SeenJoints
from ami_ros.ros.planner.cycle import PlanningCycle
from ami_ros.ros.planner.goal_inbox import GoalInbox
from ami_ros.ros.planner.inputs import PlannerInputs
from ami_ros.ros.planner.plan_markers import plan_markers, root_link
from ami_ros.ros.planner.reports import PlannerReports
from ami_ros.ros.wire.goal_status import GoalState, GoalStatus
from ami_ros.ros.wire.guard import ErrorLog
from ami_ros.ros.wire.messages import (
    image_from_compressed,
    image_from_ros,
    joints_from_ros,
    stamp_to_ns,
    trajectory_to_ros,
)
from ami_ros.ros.wire.node_main import node_main
from ami_ros.ros.wire.parameters import declare_settings, refuse_unknown, settings_from_parameters
from ami_ros.ros.wire.qos import STATE, camera_subscription
from ami_ros.share import config_path, shipped_model
from ami_ros.types import Observation, Reading, Trajectory


class PlannerNode(LifecycleNode):
    """Plans whenever a new observation is complete; see `observation_pairing` for what that means.

    Args:
        factory: what to plan with.
    """

    def __init__(self, factory: PlannerFactory) -> None:
        super().__init__("planner")
        self._factory = factory
        declare_settings(self, load_settings(NodeSettings, config_path("node.yaml")))
        declare_settings(self, load_settings(PlannerNodeSettings, config_path("planner_node.yaml")))
        self._common = settings_from_parameters(self, NodeSettings)
        defaults = factory.defaults(self._common.task)
        declare_settings(self, defaults)
        refuse_unknown(self)
        self.settings = settings_from_parameters(self, PlannerNodeSettings)
        self._planning = settings_from_parameters(self, type(defaults), defaults)
        self._spec = load_robot(self._common.robot, self._common.task)
        self._period_s = 1.0 / self.settings.rate_hz
        self._errors = ErrorLog(self)
        self._inbox = GoalInbox(self._spec, self._common.max_image_pixels)
        self._cycle: PlanningCycle | None = None
        self._active = False
        self._joint_problem = ""
        self.startup_error: Exception | None = None
        # Reports and goals live as long as the node: a planner that is not active says so, and keeps goals.
        self._reports = PlannerReports(
            self, self._spec.name, self._period_s, self._errors, self._idle_status, self._figures
        )
        self._inputs = PlannerInputs(
            self,
            self._errors,
            self._spec,
            self._common.max_image_pixels,
            self._on_goal_image,
            self._on_goal_joints,
        )
        self.create_service(Trigger, "~/cancel", self._on_cancel)
        self.create_service(SetBool, "~/pause", self._on_pause)

    # Lifecycle

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the model, warm it up, and listen to camera and joints."""
        try:
            self._configure()
        except Exception as error:  # rclpy would swallow it
            self.startup_error = error
            self._errors.report("configure", error)
            return TransitionCallbackReturn.FAILURE
        return super().on_configure(state)

    def _configure(self) -> None:
        model = Path(self.settings.model or shipped_model(self._spec.name, self._common.task))
        planner = self._factory.build(self._spec, model, self._planning, self._common.task)
        period_ns, gap_ns = round(self._period_s * 1e9), round(self.settings.pair_gap_s * 1e9)
        self._frame = root_link(self._spec.urdf)
        self._pairing = ObservationPairing(period_ns, gap_ns)
        self._restarts = 0
        self._cycle = PlanningCycle(
            planner, self._spec, self._period_s, time.perf_counter, self.settings.patience_s
        )
        self._cycle.pursue(self._inbox.newest)
        self._cycle.problem = self._cycle.problem or self._inbox.refused
        self._create_topics()

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Begin to plan."""
        self._pairing.forget()
        self._active = True
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop planning; without new proposals the gate holds the robot."""
        self._active = False
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free the model and stop listening."""
        self._active, self._cycle = False, None
        self._inputs.rest()
        for publisher in (self._proposals, self._markers):
            self.destroy_publisher(publisher)
        return super().on_cleanup(state)

    def _create_topics(self) -> None:
        sim_time = bool(self.get_parameter("use_sim_time").value)
        camera = camera_subscription(self._common.camera_reliability, self._common.camera_depth, sim_time)
        self._proposals = self.create_lifecycle_publisher(JointTrajectory, "~/proposed", STATE)
        self._markers = self.create_lifecycle_publisher(MarkerArray, "~/plan_markers", STATE)
        self._inputs.observe(camera, self._on_image, self._on_joints)

    # Observations

    def _on_image(self, message: Image | CompressedImage) -> None:
        if self._active:
            if isinstance(message, CompressedImage):
                # At arrival: so that it is told of each, and none takes the place of a good one.
                checked_compressed(bytes(message.data), self._common.max_image_pixels)
            now = self.get_clock().now().nanoseconds
            self._pairing.see_image(SeenImage(message, stamp_to_ns(message.header.stamp), now))
            self._plan_if_ready()

    def _on_joints(self, message: JointState) -> None:
        if not self._active:
            return
        try:
            names, ignored = self._spec.joint_names, self._spec.simulation.hold_joints
            position, velocity = joints_from_ros(message, names, ignored)
        except AmiError as error:
            self._joint_problem = str(error)
            raise
        self._joint_problem = ""
        now = self.get_clock().now().nanoseconds
        self._pairing.see_joints(SeenJoints(position, velocity, stamp_to_ns(message.header.stamp), now))
        self._plan_if_ready()

    def _plan_if_ready(self) -> None:
        cycle = self._cycle
        if cycle is None:
            return
        if self._restarts != self._pairing.restarts:
            self._restarts = self._pairing.restarts
            cycle.restart()
        pair = self._pairing.take()
        if pair is None:
            return
        image, joints = pair
        try:
            proposal, status = cycle.run(
                _observation(image, joints, self._spec, self._common.max_image_pixels)
            )
        except Exception as error:
            self._errors.report("plan", error)
            problem = cycle.status(
                GoalState.ERROR, str(error) if isinstance(error, AmiError) else repr(error)
            )
            proposal, status = cycle.hold(joints.position, joints.stamp_ns, problem)
        self._publish(cycle, proposal, status)

    def _publish(self, cycle: PlanningCycle, proposal: Trajectory, status: GoalStatus) -> None:
        # The report first: the gate does not judge a proposal before it has heard how sure the planner is.
        self._reports.cycle(dataclasses.replace(status, proposal_stamp_ns=proposal.stamp_ns))
        self._proposals.publish(trajectory_to_ros(proposal))
        if self._markers.get_subscription_count():
            self._markers.publish(plan_markers(proposal, cycle.kinematics, self._frame))

    # Goals

    def _on_goal_image(self, message: Image) -> None:
        self._take_goal(lambda: self._inbox.image(message))

    def _on_goal_joints(self, message: JointState) -> None:
        self._take_goal(lambda: self._inbox.joints(message))

    def _take_goal(self, take: Callable[[], None]) -> None:
        try:
            take()
        except AmiError as error:
            self._inbox.refused = f"goal refused: {error}"
        self._pursue()
        if self._inbox.refused:
            raise ConfigError(self._inbox.refused)

    def _pursue(self) -> None:
        if self._cycle is not None:
            self._cycle.pursue(self._inbox.newest)
            self._cycle.problem = self._cycle.problem or self._inbox.refused
            self._pairing.plan_again()
        self._reports.now()

    def _on_cancel(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._inbox.cancel()
        self._pursue()
        response.success, response.message = True, "no goal: holding"
        return response

    def _on_pause(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        response.success = self._cycle is not None
        response.message = "not configured yet"
        if self._cycle is not None:
            self._cycle.paused = request.data
            response.message = "paused: holding" if request.data else "running"
        return response

    # Reports

    def _idle_status(self) -> GoalStatus:
        if self._cycle is None or not self._active:
            return GoalStatus(GoalState.WAITING, "the planner is not active: configure and activate it")
        missing = self._pairing.waiting_for(self.get_clock().now().nanoseconds)
        return self._cycle.idle(
            f"joint states refused: {self._joint_problem}" if self._joint_problem else missing
        )

    def _figures(self) -> dict[str, object]:
        figures: dict[str, object] = {"active": self._active}
        return figures if self._cycle is None else figures | self._cycle.statistics.summary()


def _observation(image: SeenImage, joints: SeenJoints, spec: RobotSpec, most_pixels: int) -> Observation:
    decode = image_from_ros if isinstance(image.message, Image) else image_from_compressed
    seen = decode(image.message, most_pixels)
    measured = np.concatenate([joints.position, joints.velocity])
    return Observation(
        {
            spec.camera.name: Reading(seen, image.stamp_ns, image.arrival_ns),
            spec.joint_sensor: Reading(measured, joints.stamp_ns, joints.arrival_ns),
        }
    )


def run_planner(factory: Callable[[], PlannerFactory]) -> int:
    """Run a planner node until it is told to end; with `autostart` a start that fails ends it, too."""

    def loop(node: PlannerNode, executor: SingleThreadedExecutor, stopped: Callable[[], bool]) -> None:
        if node.settings.autostart:
            for transition in (node.trigger_configure, node.trigger_activate):
                if transition() != TransitionCallbackReturn.SUCCESS:
                    raise node.startup_error or ConfigError("the planner did not start; see the log above")
        while not stopped():
            executor.spin_once(timeout_sec=0.1)

    return node_main("planner", lambda: PlannerNode(factory()), loop=loop)


def main() -> int:
    """Run the planner with the shipped world model."""
    return run_planner(lambda: world_model_planner(time.perf_counter_ns))


if __name__ == "__main__":
    sys.exit(main())
