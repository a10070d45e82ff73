# SPDX-License-Identifier: Apache-2.0
# ami_ros with a ROS 2 of its own, for a desktop or a server without a GPU. Not built by CI.
#
#   docker build -f docker/desktop.Dockerfile -t ami_ros .
#   docker run --rm --network=host --ipc=host ami_ros doctor
#   docker run --rm -v "$PWD/demo:/ami_ros/demo" ami_ros demo
#
# --ipc=host: camera images go through shared memory, and Docker's 64 MB are too few.
FROM python:3.11-slim-bookworm

RUN apt-get update \
  && apt-get install -y --no-install-recommends make g++ \
  && rm -rf /var/lib/apt/lists/*

WORKDIR /ami_ros
COPY . .
RUN make venv PIP_ARGS="--no-cache-dir --extra-index-url https://download.pytorch.org/whl/cpu"

ENV PATH=/ami_ros/.venv/bin:$PATH
ENTRYPOINT ["ami-ros"]
CMD ["--help"]
