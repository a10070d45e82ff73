# SPDX-License-Identifier: Apache-2.0
"""A lifecycle node that turns observations into proposals: sensors in, proposals out, and always a reason."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image
from std_srvs.srv import SetBool
from trajectory_msgs.msg import JointTrajectory
from visualization_msgs.msg import MarkerArray

from ami_ros.body.meanings.by_name import observed_vectors
from ami_ros.body.sensors import ImageSensor, VectorSensor
from ami_ros.configuration import Configuration
from ami_ros.errors import AmiError, ConfigError
from ami_ros.node_settings import NodeSettings, ProposingSettings
from ami_ros.planning.observation_pairing import ObservationPairing, Seen
from ami_ros.recordings.image_header import checked_compressed
from ami_ros.ros.proposing.cycle import ProposingCycle
from ami_ros.ros.proposing.observation import observation_of
from ami_ros.ros.proposing.plan_markers import plan_markers
from ami_ros.ros.proposing.reports import ProposingReports
from ami_ros.ros.proposing.sensor_inputs import SensorInputs
from ami_ros.ros.wire.goal_status import GoalState, GoalStatus
from ami_ros.ros.wire.guard import ErrorLog
from ami_ros.ros.wire.messages import stamp_to_ns, trajectory_to_ros
from ami_ros.ros.wire.node_main import node_main
from ami_ros.ros.wire.parameters import declare_settings, settings_from_parameters
from ami_ros.ros.wire.qos import STATE, camera_subscription
from ami_ros.ros.wire.vectors import vector_from_ros
from ami_ros.settings.fields import load_settings
from ami_ros.settings.share import config_path
from ami_ros.types import Trajectory


class ProposingNode(LifecycleNode):
    """Proposes on each complete observation; `observation_pairing` defines complete.

    A subclass declares its own parameters, and makes the cycle.

    Args:
        name: of the node.
        topics: prefix of its outputs: ``~``, or the name of the node that it replaces.
    """

    def __init__(self, name: str, topics: str = "~") -> None:
        super().__init__(name)
        self._name, self._prefix = name, topics
        declare_settings(self, load_settings(NodeSettings, config_path("node.yaml")))
        declare_settings(self, load_settings(ProposingSettings, config_path("proposing_node.yaml")))
        self._common = settings_from_parameters(self, NodeSettings)
        self.proposing = settings_from_parameters(self, ProposingSettings)
        self._configuration = Configuration.of_node(self._common)
        self._spec = self._configuration.spec
        self._period_s = 1.0 / self._spec.actions.rate_hz
        self._errors = ErrorLog(self)
        self._cycle: ProposingCycle | None = None
        self._active = False
        self._refused: dict[str, str] = {}  # sensor -> what is wrong with its newest message
        self.startup_error: Exception | None = None
        # Reports live as long as the node: an inactive node reports that it is inactive.
        self._reports = ProposingReports(
            self,
            name,
            topics,
            self._spec.name,
            self._period_s,
            self._errors,
            self._idle_status,
            self._figures,
        )
        self._sensors = SensorInputs(self, self._errors, self._spec, self._common.max_image_pixels)
        self.create_service(SetBool, "~/pause", self._on_pause)

    # Differences between the nodes

    @abstractmethod
    def _make_cycle(self) -> ProposingCycle:
        """Return the cycle; called at each configuration."""

    def _rest(self) -> None:
        """Free the resources of `_make_cycle`."""

    def _vectors(self) -> tuple[VectorSensor, ...]:
        """Return the sensors to observe besides the cameras."""
        return observed_vectors(self._spec)

    def _is_exact(self, sensor: VectorSensor) -> bool:
        """Return whether a sensor must be as new as the image; the YAML sets the largest age of others."""
        return sensor.is_joints  # the plan starts from them

    def _own_figures(self) -> dict[str, object]:
        """Return further values for /diagnostics."""
        return {}

    # Lifecycle

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Prepare the cycle, and subscribe to the sensors."""
        try:
            self._configure()
        except Exception as error:  # rclpy would swallow it
            self.startup_error = error
            self._errors.report("configure", error)
            return TransitionCallbackReturn.FAILURE
        return super().on_configure(state)

    def _configure(self) -> None:
        cycle, spec = self._make_cycle(), self._spec
        period_ns, gap_ns = round(self._period_s * 1e9), round(self.proposing.pair_gap_s * 1e9)
        images = [sensor.name for sensor in spec.images_for("model")]
        vectors = {
            sensor.name: 0 if self._is_exact(sensor) else round(sensor.max_age_s * 1e9)
            for sensor in self._vectors()
        }
        optional = {s.name: round(s.max_age_s * 1e9) for s in spec.images_for("model") if not s.required}
        self._pairing = ObservationPairing(images, vectors, period_ns, gap_ns, optional)
        self._restarts = 0
        self._cycle = cycle
        self._create_topics()

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Begin to propose."""
        self._pairing.forget()
        self._active = True
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop proposing; without new proposals the gate holds the robot."""
        self._active = False
        return super().on_deactivate(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop proposing for good."""
        self._active = False
        return super().on_shutdown(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free the resources, and unsubscribe."""
        self._active, self._cycle = False, None
        self._sensors.rest()
        self._rest()
        for publisher in (self._proposals, self._markers):
            self.destroy_publisher(publisher)
        return super().on_cleanup(state)

    def _create_topics(self) -> None:
        sim_time = bool(self.get_parameter("use_sim_time").value)
        camera = camera_subscription(self._common.camera_reliability, self._common.camera_depth, sim_time)
        self._proposals = self.create_lifecycle_publisher(JointTrajectory, f"{self._prefix}/proposed", STATE)
        self._markers = self.create_lifecycle_publisher(MarkerArray, f"{self._prefix}/plan_markers", STATE)
        images = self._spec.images_for("model")
        self._sensors.observe(images, self._vectors(), camera, self._on_image, self._on_vector)

    def destroy_node(self) -> None:
        """Free the resources, and leave the graph, which a state machine alone would not do."""
        self._rest()
        super().destroy_node()
        self._state_machine.destroy_when_not_in_use()

    # Observations

    def _on_image(self, sensor: ImageSensor, message: Image | CompressedImage) -> None:
        if self._active:
            if isinstance(message, CompressedImage):
                # At arrival: so that each bad image is reported, and none replaces a good one.
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
        self._propose_if_ready()

    def _propose_if_ready(self) -> None:
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
            if not vectors:  # no sensor gives a place to hold: the gate holds without a proposal
                self._reports.cycle(problem)
                return
            proposal, status = cycle.hold(observation_of(vectors, 0), problem)
        self._publish(cycle, proposal, status)

    def _publish(self, cycle: ProposingCycle, proposal: Trajectory, status: GoalStatus) -> None:
        # The report first: the gate judges no proposal before it has the planner's uncertainty.
        self._reports.cycle(dataclasses.replace(status, proposal_stamp_ns=proposal.stamp_ns))
        self._proposals.publish(trajectory_to_ros(proposal))
        if cycle.kinematics is not None and self._markers.get_subscription_count():
            self._markers.publish(plan_markers(proposal, cycle.kinematics))

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
            return GoalStatus(GoalState.WAITING, f"the {self._name} is not active: configure and activate it")
        missing = self._pairing.waiting_for(self.get_clock().now().nanoseconds)
        return self._cycle.idle(
            "; ".join(f"{name} refused: {why}" for name, why in self._refused.items()) or missing
        )

    def _figures(self) -> dict[str, object]:
        figures: dict[str, object] = {"active": self._active, **self._own_figures()}
        return figures if self._cycle is None else figures | self._cycle.statistics.summary()


def run_proposing(name: str, make: Callable[[], ProposingNode]) -> int:
    """Run a node until a stop signal; with `autostart` a failed start ends it, too."""

    def loop(node: ProposingNode, executor: SingleThreadedExecutor, stopped: Callable[[], bool]) -> None:
        if node.proposing.autostart:
            for transition in (node.trigger_configure, node.trigger_activate):
                if stopped():  # while the model was loading
                    return
                if transition() != TransitionCallbackReturn.SUCCESS:
                    raise node.startup_error or ConfigError(f"the {name} did not start; see the log above")
        while not stopped():
            executor.spin_once(timeout_sec=0.1)

    def make_node() -> Node:
        return make()

    return node_main(name, make_node, loop=loop)
