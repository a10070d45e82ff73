# SPDX-License-Identifier: Apache-2.0
# Everything a developer or a newcomer runs. `make help` lists it.
# With a ROS 2 installation you don't need this file: colcon builds the package like any other.

PYTHON ?= python3
PIP_ARGS ?=
CONSTRAINTS ?= constraints.txt
ARGS ?=
TASK ?=
TICKS ?= 200000
# Four processes on two cores: many tests wait for other processes. Each file stays in one process.
PYTEST_ARGS ?= --ignore-glob=test/lint -n 4 --dist loadfile --no-loadscope-reorder --max-worker-restart 1 -o faulthandler_exit_on_timeout=true
SEED ?= 0
SECONDS ?= 600
# A Python that has lerobot, and the base that creates it if missing: lerobot needs 3.12 and 5 GB.
LEROBOT_PYTHON ?= .lerobot/bin/python
LEROBOT_BASE ?= python3.12

VENV := .venv
# What .venv holds, and what it leaves out: large, or for few.
EXTRAS := ros,sim,train,memory,record,lerobot,gym,test
MORE_EXTRAS := mujoco,robots,foreign,ray,bench,process,point_maze,turbofan,watch,so101,docs
BIN := $(VENV)/bin
comma := ,
STAMP := $(VENV)/.installed
PIP_INSTALL = $(BIN)/pip install $(if $(CONSTRAINTS),-c $(CONSTRAINTS)) $(PIP_ARGS)
WS := .colcon

COLCON := AMENT_PREFIX_PATH= COLCON_PREFIX_PATH= $(BIN)/colcon --log-base $(WS)/log
COLCON_DIRS := --build-base $(WS)/build --install-base $(WS)/install
INSTALLED := $(WS)/install/ami_ros
NODES := ami-ros planner_node safety_node sim_node recorder_node explorer_node so101_node camera_node

# .venv holds its own ROS 2, and its Python restarts itself once to set LD_LIBRARY_PATH. A ROS 2 that
# the shell has sourced, or the mark of another environment's restart, would mix two ROS 2 in one process.
ifneq (,$(ROS_DISTRO)$(_ROS_WHEELS_BOOTSTRAP_COMPLETE))
unexport _ROS_WHEELS_BOOTSTRAP_COMPLETE LD_LIBRARY_PATH PYTHONPATH ROS_DISTRO RMW_IMPLEMENTATION
endif
export AMENT_PREFIX_PATH := $(CURDIR)/$(VENV)
export ROS_AUTOMATIC_DISCOVERY_RANGE ?= LOCALHOST

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# To refresh constraints.txt: make clean venv CONSTRAINTS=, then make test CONSTRAINTS=, then make freeze.
.PHONY: help venv freeze demo test test-slow suite test-repeat test-defects test-extras fuzz fuzz-files build lint format model robot bench clean pages check package

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16
	@echo
	@echo "  PYTHON=python3.11   the Python for .venv: 3.10 to 3.14 (default: python3)"
	@echo "  PIP_ARGS='...'      more arguments for pip. torch's default build for Linux includes several GB of CUDA"
	@echo "                      libraries; pytorch.org names the index of the small CPU-only build; pass it here:"
	@echo "                      PIP_ARGS='--extra-index-url URL'"
	@echo "  CONSTRAINTS=        the newest packages that setup.py allows, instead of the tested ones in constraints.txt"
	@echo "  ARGS='...'          more arguments for the ami-ros verb behind demo and model"

venv: $(STAMP) ## build .venv with everything the CLI needs

# A half-made venv (no ensurepip) has a python but no pip, so the target is pip.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 10) <= v <= (3, 14) else \
	  "$(PYTHON) is Python %d.%d; ami_ros needs 3.10 to 3.14. Name another: make venv PYTHON=python3.12" % v)'
	$(PYTHON) -m venv $(VENV)

# PyBullet has no wheel for Python 3.12 and later: it is compiled here, and only where it finds numpy
# does it return images as arrays (many times faster). Hence numpy comes first, without build isolation.
$(STAMP): setup.py setup.cfg $(CONSTRAINTS) | $(BIN)/pip
	$(PIP_INSTALL) 'setuptools<80' wheel numpy
	$(PIP_INSTALL) --no-build-isolation pybullet || { \
	  echo "PyBullet did not build. It needs a C++ compiler and Python's headers (on Debian and Ubuntu:" >&2; \
	  echo "apt install g++ python3-dev), or a Python with a ready-made wheel: make venv PYTHON=python3.11" >&2; \
	  exit 1; }
	$(PIP_INSTALL) -e '.[$(EXTRAS)]'
	@touch $@

# It does not depend on `venv`, which would first restore the old versions.
freeze: ## write the versions in .venv, with which make test passed, to constraints.txt
	$(BIN)/python .ci/freeze.py constraints.txt > constraints.tmp && mv constraints.tmp constraints.txt

demo: venv ## ten goals in the simulator, through ROS 2: a table, a report and a video
	$(BIN)/ami-ros demo $(ARGS)

model: venv ## collect, train and export a model from nothing (TASK=push for another task)
	$(BIN)/ami-ros model $(if $(TASK),--task $(TASK)) $(ARGS)

bench: venv ## measure the performance of this machine: images over DDS, time per plan
	$(BIN)/ami-ros bench camera
	$(BIN)/ami-ros bench planner

# A package.xml with any error makes colcon fall back to a plain Python package, silently: the nodes
# then build, but `ros2 run` finds nothing. So this target checks the type and the scripts.
build: venv ## build with colcon in .colcon and check what was installed
	@rm -rf $(WS) && mkdir -p $(WS)
	@found="$$($(COLCON) list --packages-select ami_ros)"; echo "colcon sees: $$found"; \
	case "$$found" in *"(ros.ament_python)") ;; *) \
	  echo "expected ami_ros to be of type ros.ament_python: is package.xml valid?" >&2; exit 1;; esac
	$(COLCON) build $(COLCON_DIRS) --packages-select ami_ros --event-handlers desktop_notification-
	@for node in $(NODES); do test -x $(INSTALLED)/lib/ami_ros/$$node || { \
	  echo "$$node is not in $(INSTALLED)/lib/ami_ros, where ros2 run looks" >&2; exit 1; }; done
	@for folder in config models; do ! test -d $$folder || diff -rq $$folder $(INSTALLED)/share/ami_ros/$$folder; done

# Lint comes first: it fails first. The suite that answers within minutes keeps a test of each promise at each level
# that can break by itself; CONTRIBUTING.md says what is slow.
test: lint build ## lint, build with colcon, and run the suite through colcon test: under ten minutes on two cores
	@$(MAKE) --no-print-directory suite

test-slow: lint build ## the same with the slow tests, too: the fault matrix, attacks, shipped models, all at length
	@$(MAKE) --no-print-directory suite SELECT=

# colcon test exits 0 when tests fail, and when there are none: the results and pytest's last line decide.
# Hundreds of processes import our code: they compile it once, even where the shell disables bytecode.
SELECT = not slow
suite:
	PYTHONDONTWRITEBYTECODE= $(COLCON) test $(COLCON_DIRS) --packages-select ami_ros \
	  --event-handlers console_direct+ console_stderr- desktop_notification- --pytest-args $(PYTEST_ARGS) -m '$(SELECT)' $(ARGS)
	@$(COLCON) test-result --test-result-base $(WS)/build --verbose; result=$$?; \
	closing="$$(grep -E ' in [0-9.:]+s' $(WS)/log/latest_test/ami_ros/stdout.log | tail -n 1 | sed 's/^=* *//; s/ *=*$$//')"; \
	echo "$$closing"; \
	echo "$$closing" | grep -Eq '(^|[ ,])[1-9][0-9]* passed' || { echo "no test passed" >&2; exit 1; }; \
	exit $$result

RUNS ?= 10
BUSY ?= 3
test-repeat: lint build ## the suite RUNS times (10), the last BUSY of them (3) next to endless loops: is it the same each time?
	$(BIN)/python .ci/repeat.py --runs $(RUNS) --busy $(BUSY) $(ARGS)

DEFECTS ?= fast
test-defects: venv ## plant each defect of test/defects in turn: which does the suite find (DEFECTS=slow: the slow one)?
	$(BIN)/python test/defects/run.py --suite $(DEFECTS) $(ARGS)

# Quicker still, while you work: no nodes, no simulated episodes, no training.
CHECK_LEAVES_OUT := ros sim cli faults evaluation bench benchmarks training foreign api test_hostile_files.py \
  planning/test_bundle.py safety/test_gate_machine.py safety/test_known_holes.py safety/test_mutations.py
check: venv ## lint and run the quickest part of the suite, in less than two minutes
	@$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest -q -n 2 test --ignore=test/lint $(addprefix --ignore=test/,$(CHECK_LEAVES_OUT))

# In an environment of its own, several GB larger. A test that still lacks an extra there is an error.
NEEDS_MORE := skip_without_robots_of_others|in_simulator|needs the extra '($(subst $(comma),|,$(MORE_EXTRAS)))'
test-extras: ## run the tests that .venv skips, with all extras installed in .extras
	@$(MAKE) --no-print-directory venv VENV=.extras EXTRAS=$(EXTRAS),$(MORE_EXTRAS)
	AMENT_PREFIX_PATH=$(CURDIR)/.extras .extras/bin/python -m pytest -q $(PYTEST_ARGS) -m '' --junit-xml=.extras/.results $(ARGS) \
	  $$(grep -rlE "$(NEEDS_MORE)" test --include='test_*.py')
	@! grep -o "needs the extra '[a-z]*'" .extras/.results

fuzz: venv ## fuzz the safety gate for TICKS ticks (200000) from SEED (0), and remove each check in turn
	AMI_ROS_FUZZ_TICKS=$(TICKS) AMI_ROS_FUZZ_SEED=$(SEED) \
	  $(BIN)/python -m pytest -q -m '' -rP -o faulthandler_timeout=0 test/safety/test_gate_machine.py test/safety/test_known_holes.py test/safety/test_mutations.py

fuzz-files: venv ## read hostile files of all kinds for SECONDS (600), from case SEED (0) on, each in a process of its own
	PYTHONPATH=test/support $(BIN)/python -m hostile.run --seconds $(SECONDS) --seed $(SEED)

# In its own environment: lerobot needs other versions of torch and OpenCV than we do.
lerobot: venv ## check what ami-ros export-data writes with the real lerobot
	@test -x $(LEROBOT_PYTHON) || { $(LEROBOT_BASE) -m venv .lerobot && .lerobot/bin/pip install 'lerobot[dataset]'; }
	LEROBOT_PYTHON=$(LEROBOT_PYTHON) $(BIN)/python -m pytest -q -m '' -rs test/recordings/lerobot

# Needs the robot's extra: `pip install -e '.[foreign]'` or `'.[robots]'`.
# FROM=models/panda_reach/model.pt continues from that model: for the same arm with another camera view.
robot: venv ## explore, record, import, train and commission a robot through its topics alone (ROBOT=fetch, ur5, so101; ROBOT=panda_hand TASK=pick)
	PATH="$(CURDIR)/$(BIN):$$PATH" TASK=$(TASK) test/foreign/recipe.sh $(or $(ROBOT),fetch) \
		runs/black_box/$(or $(ROBOT),fetch)$(addprefix _,$(TASK)) $(ARGS)

pages: venv ## build the site of docs/ into build/pages; a broken link or anchor is an error
	$(PIP_INSTALL) -e '.[docs]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

# The second environment knows nothing but the wheel: what is missing in it is missing to all who install it.
package: ## build wheel and sdist into dist/, check both, and use the wheel as a stranger does
	rm -rf dist build
	$(PYTHON) -m venv build/with && build/with/bin/pip install -q build twine
	build/with/bin/python -m build
	build/with/bin/python -m twine check --strict dist/*
	$(PYTHON) -m venv build/alone && build/alone/bin/pip install $(if $(CONSTRAINTS),-c $(CONSTRAINTS)) $(PIP_ARGS) dist/*.whl
	cd build && alone/bin/ami-ros --help && timeout 1 alone/bin/python -c 'import ami_ros; print(ami_ros.__version__)'

lint: venv ## ruff, mypy, and what can be read off the source: layers, pages, links, citations, versions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q test/lint

format: venv ## sort imports and format the code with ruff
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove the outputs of the other targets (not models/)
	rm -rf $(VENV) .extras .lerobot $(WS) build dist install log *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
