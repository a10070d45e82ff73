# SPDX-License-Identifier: Apache-2.0
# ami_ros on a Jetson with JetPack 6: ROS 2 Humble, and NVIDIA's torch. Untested: we had no Jetson.
#
#   docker build -f docker/jetson.Dockerfile -t ami_ros_jetson .
#   docker run --rm --runtime=nvidia --network=host --ipc=host ami_ros_jetson \
#     ros2 launch ami_ros robot.launch.py robot:=panda model:=/path/to/model.pt
FROM ros:humble-ros-base

# Wheels for its CUDA: PyPI has none for Jetson.
ARG TORCH_INDEX=https://pypi.jetson-ai-lab.io/jp6/cu126

RUN apt-get update \
  && apt-get install -y --no-install-recommends python3-pip python3-colcon-common-extensions python3-opencv \
  && rm -rf /var/lib/apt/lists/*
RUN pip install --no-cache-dir --index-url "$TORCH_INDEX" torch \
  && pip install --no-cache-dir pin ruckig typer rich jinja2 matplotlib av usearch trimesh fast-simplification \
    pycollada

WORKDIR /ws
COPY . src/ami_ros
RUN . /opt/ros/humble/setup.sh && colcon build --packages-select ami_ros
RUN sed -i '$i . /ws/install/setup.bash' /ros_entrypoint.sh
CMD ["ros2", "launch", "ami_ros", "robot.launch.py", "--show-args"]
