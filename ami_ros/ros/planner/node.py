# SPDX-License-Identifier: Apache-2.0
"""The planner as a lifecycle node: images and joints in, proposals out, and always a reason."""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from sensor_msgs.msg import CompressedImage, Image
from std_srvs.srv import SetBool, Trigger
from trajectory_msgs.msg import JointTrajectory
from visualization_msgs.msg import MarkerArray

from ami_ros.body.sensors import ImageSensor, VectorSensor
from ami_ros.body.urdf_checks import read_urdf, root_link
from ami_ros.config import load_settings
from ami_ros.configuration import Configuration
from ami_ros.data.image_header import checked_compressed
from ami_ros.errors import AmiError, ConfigError
from ami_ros.node_settings import NodeSettings, PlannerNodeSettings
from ami_ros.planning.factory import PlannerFactory, world_model_planner
from ami_ros.planning.observation_pairing import ObservationPairing, Seen
from ami_ros.ros.planner.cycle import PlanningCycle
from ami_ros.ros.planner.goal_inbox import GoalInbox
from ami_ros.ros.planner.inputs import PlannerInputs
from ami_ros.ros.planner.memory import PlannerMemory
from ami_ros.ros.planner.observation import observation_of
from ami_ros.ros.planner.plan_markers import plan_markers
from ami_ros.ros.planner.reports import PlannerReports
from ami_ros.ros.wire.goal_status import GoalState, GoalStatus
from ami_ros.ros.wire.guard import ErrorLog
from ami_ros.ros.wire.messages import stamp_to_ns, trajectory_to_ros
from ami_ros.ros.wire.node_main import node_main
from ami_ros.ros.wire.parameters import declare_settings, refuse_unknown, settings_from_parameters
from ami_ros.ros.wire.qos import STATE, camera_subscription
from ami_ros.ros.wire.vectors import vector_from_ros
from ami_ros.share import config_path
from ami_ros.types import Goal, Trajectory


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
        self._configuration = Configuration.load(
            self._common.robot, self._common.task, sensor_topics=self._common.sensor_topics
        )
        defaults = factory.defaults(self._configuration.task)
        declare_settings(self, defaults)
        refuse_unknown(self)
        self.settings = settings_from_parameters(self, PlannerNodeSettings)
        self._planning = settings_from_parameters(self, type(defaults), defaults)
        self._spec = self._configuration.spec
        self._period_s = 1.0 / self._spec.actions.rate_hz
        self._errors = ErrorLog(self)
        self._inbox = GoalInbox(self._spec, self._common.max_image_pixels)
        self._cycle: PlanningCycle | None = None
        self._active = False
        self._refused: dict[str, str] = {}  # sensor -> what is wrong with its newest message
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
            self._on_goal_vector,
        )
        self._memory = (
            None
            if not self.settings.memory
            else PlannerMemory(
                self._inputs.hear, self._configuration, self.settings.memory, self._on_goal_name
            )
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
        model = Path(self.settings.model or self._configuration.shipped_model)
        task, memory = self._configuration.task_name, None if self._memory is None else self._memory.path
        planner = self._factory.build(self._spec, model, self._planning, task, memory)
        period_ns, gap_ns = round(self._period_s * 1e9), round(self.settings.pair_gap_s * 1e9)
        self._frame = "" if self._spec.arm is None else root_link(read_urdf(self._spec.urdf))
        spec = self._spec
        images = [sensor.name for sensor in spec.images_for("model")]
        # The plan starts from the joints; another sensor may be as old as its YAML lets it be.
        vectors = {
            sensor.name: 0 if sensor.is_joints else round(sensor.max_age_s * 1e9)
            for sensor in spec.vectors_for("model")
        }
        optional = {s.name: round(s.max_age_s * 1e9) for s in spec.images_for("model") if not s.required}
        self._pairing = ObservationPairing(images, vectors, period_ns, gap_ns, optional)
        self._restarts = 0
        follower = None if self._memory is None else self._memory.begin(self._factory.view(planner))
        patience_s = self.settings.patience_s
        self._cycle = PlanningCycle(
            planner, self._spec, self._period_s, time.perf_counter, patience_s, follower
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
        if self._memory is not None:
            self._memory.rest()
        for publisher in (self._proposals, self._markers):
            self.destroy_publisher(publisher)
        return super().on_cleanup(state)

    def _create_topics(self) -> None:
        sim_time = bool(self.get_parameter("use_sim_time").value)
        camera = camera_subscription(self._common.camera_reliability, self._common.camera_depth, sim_time)
        self._proposals = self.create_lifecycle_publisher(JointTrajectory, "~/proposed", STATE)
        self._markers = self.create_lifecycle_publisher(MarkerArray, "~/plan_markers", STATE)
        self._inputs.observe(camera, self._on_image, self._on_vector)

    # Observations

    def _on_image(self, sensor: ImageSensor, message: Image | CompressedImage) -> None:
        if self._active:
            if isinstance(message, CompressedImage):
                # At arrival: so that it is told of each, and none takes the place of a good one.
                checked_compressed(bytes(message.data), self._common.max_image_pixels)
            self._see(sensor.name, message, stamp_to_ns(message.header.stamp))

    def _on_vector(self, sensor: VectorSensor, message: Any) -> None:
        if not self._active:
            return
        now, held = self.get_clock().now().nanoseconds, self._spec.simulation.held
        try:
            values, stamp_ns = vector_from_ros(message, sensor, now, held)
        except AmiError as error:
            self._refused[sensor.name] = str(error)
            raise
        self._refused.pop(sensor.name, None)
        self._see(sensor.name, values, stamp_ns)

    def _see(self, sensor: str, content: Any, stamp_ns: int) -> None:
        self._pairing.see(sensor, Seen(content, stamp_ns, self.get_clock().now().nanoseconds))
        self._plan_if_ready()

    def _plan_if_ready(self) -> None:
        cycle = self._cycle
        if cycle is None:
            return
        if self._restarts != self._pairing.restarts:
            self._restarts = self._pairing.restarts
            cycle.restart()
        taken = self._pairing.take()
        if taken is None:
            return
        try:
            observation = observation_of(taken, self._common.max_image_pixels)
            proposal, status = cycle.run(observation)
        except Exception as error:
            self._errors.report("plan", error)
            problem = cycle.status(
                GoalState.ERROR, str(error) if isinstance(error, AmiError) else repr(error)
            )
            vectors = {name: seen for name, seen in taken.items() if isinstance(seen.content, np.ndarray)}
            if not vectors:  # nothing says where to hold: the gate does, without a proposal
                self._reports.cycle(problem)
                return
            proposal, status = cycle.hold(observation_of(vectors, 0), problem)
        self._publish(cycle, proposal, status)

    def _publish(self, cycle: PlanningCycle, proposal: Trajectory, status: GoalStatus) -> None:
        # The report first: the gate does not judge a proposal before it has heard how sure the planner is.
        self._reports.cycle(dataclasses.replace(status, proposal_stamp_ns=proposal.stamp_ns))
        self._proposals.publish(trajectory_to_ros(proposal))
        if cycle.kinematics is not None and self._markers.get_subscription_count():
            self._markers.publish(plan_markers(proposal, cycle.kinematics, self._frame))

    # Goals

    def _on_goal_image(self, sensor: ImageSensor, message: Image) -> None:
        self._take_goal(lambda: self._inbox.image(sensor, message))

    def _on_goal_vector(self, sensor: VectorSensor, message: Any) -> None:
        self._take_goal(lambda: self._inbox.vector(sensor, message))

    def _on_goal_name(self, find: Callable[[], Goal]) -> None:
        self._take_goal(lambda: self._inbox.named(find))

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
            "; ".join(f"{name} refused: {why}" for name, why in self._refused.items()) or missing
        )

    def _figures(self) -> dict[str, object]:
        figures: dict[str, object] = {"active": self._active}
        if self._memory is not None:
            figures |= self._memory.figures
        return figures if self._cycle is None else figures | self._cycle.statistics.summary()


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
