# SPDX-License-Identifier: Apache-2.0
"""The engine in pyCycle: a two-spool turbofan sized at its design point, and run with spools at any speed.

At off-design, pyCycle's own turbofan finds the spool speeds at which each shaft's power balances. Here speeds
are given and the imbalance is found: it is what accelerates a spool.

Source: structure, design point and losses of the high-bypass turbofan among the examples of pyCycle;
Hendricks and Gray, "pyCycle: a tool for efficient optimization of gas turbine engine cycles" (2019).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import openmdao.api as om
import pycycle.api as pyc

FLOWS = (
    "fc inlet fan splitter",
    "splitter1 lpc_duct lpc hpc_duct hpc cooling burner hpt lpt_duct lpt tail_duct core_nozzle",
    "splitter2 bypass_bleed bypass_duct bypass_nozzle",
)  # elements that air passes through, one after the other
BLEEDS = {"hpc.cool1": "lpt.cool1", "hpc.cool2": "lpt.cool2"}
BLEEDS |= {"cooling.cool3": "hpt.cool3", "cooling.cool4": "hpt.cool4"}
LOSSES = {
    "inlet.ram_recovery": 0.999,
    "lpc_duct.dPqP": 0.0048,
    "hpc_duct.dPqP": 0.0101,
    "burner.dPqP": 0.054,
    "lpt_duct.dPqP": 0.0051,
    "tail_duct.dPqP": 0.0107,
    "bypass_duct.dPqP": 0.0149,
    "core_nozzle.Cv": 0.9933,
    "bypass_nozzle.Cv": 0.9939,
    "bypass_bleed.bypBld:frac_W": 0.005,
    "hpc.cool1:frac_W": 0.050708,
    "hpc.cool1:frac_P": 0.5,
    "hpc.cool1:frac_work": 0.5,
    "hpc.cool2:frac_W": 0.020274,
    "hpc.cool2:frac_P": 0.55,
    "hpc.cool2:frac_work": 0.5,
    "hpc.cust:frac_P": 0.5,
    "hpc.cust:frac_work": 0.5,
    "cooling.cool3:frac_W": 0.067214,
    "cooling.cool4:frac_W": 0.101256,
    "hpt.cool3:frac_P": 1.0,
    "hpt.cool4:frac_P": 0.0,
    "lpt.cool1:frac_P": 1.0,
    "lpt.cool2:frac_P": 0.0,
}
DESIGN = {
    "splitter.BPR": 5.105,
    "fan.PR": 1.685,
    "fan.eff": 0.8948,
    "lpc.PR": 1.935,
    "lpc.eff": 0.9243,
    "hpc.PR": 9.369,
    "hpc.eff": 0.8707,
    "hpt.eff": 0.8888,
    "lpt.eff": 0.8996,
    "hpc.cust:frac_W": 0.0445,
    "fc.MN": 0.8,
}
ALTITUDE_FT, TURBINE_INLET_R, THRUST_LBF, OFFTAKE_HP = 35_000.0, 2857.0, 5500.0, 250.0
LOW_RPM, HIGH_RPM = 4666.1, 14705.7  # of the spools at the design point
SCALES = {name: ("PR", "Wc", "eff", "Nc") for name in ("fan", "lpc", "hpc")}
SCALES |= {name: ("PR", "Wp", "eff", "Np") for name in ("hpt", "lpt")}


class Turbofan(pyc.Cycle):  # type: ignore[misc]
    """The cycle, on design or with spools at any speed; see `FLOWS` for what follows what."""

    def initialize(self) -> None:
        """Declare whether the spools balance."""
        super().initialize()
        self.options.declare("steady", default=True, desc="off design: speeds at which power balances")

    def setup(self) -> None:
        """Put the elements and what balances together."""
        self.options["thermo_method"], self.options["thermo_data"] = "TABULAR", pyc.AIR_JETA_TAB_SPEC
        still = {"statics": False}  # no areas between the components: only the nozzles' matter
        wide = {"map_extrap": True, **still}
        low, high = ("Nmech", "low_rpm"), ("Nmech", "high_rpm")
        spooled = {
            "fan": (pyc.Compressor(map_data=pyc.FanMap, bleed_names=[], **wide), low),
            "lpc": (pyc.Compressor(map_data=pyc.LPCMap, bleed_names=[], **wide), low),
            "hpc": (
                pyc.Compressor(map_data=pyc.HPCMap, bleed_names=["cool1", "cool2", "cust"], **wide),
                high,
            ),
            "hpt": (pyc.Turbine(map_data=pyc.HPTMap, bleed_names=["cool3", "cool4"], **wide), high),
            "lpt": (pyc.Turbine(map_data=pyc.LPTMap, bleed_names=["cool1", "cool2"], **wide), low),
            "low_shaft": (pyc.Shaft(num_ports=3), low),
            "high_shaft": (pyc.Shaft(num_ports=2), high),
        }
        others = {
            "fc": pyc.FlightConditions(),
            "inlet": pyc.Inlet(**still),
            "splitter": pyc.Splitter(**still),
            "lpc_duct": pyc.Duct(**still),
            "hpc_duct": pyc.Duct(**still),
            "cooling": pyc.BleedOut(bleed_names=["cool3", "cool4"], **still),
            "burner": pyc.Combustor(fuel_type="FAR", **still),
            "lpt_duct": pyc.Duct(**still),
            "tail_duct": pyc.Duct(**still),
            "core_nozzle": pyc.Nozzle(nozzType="CV", lossCoef="Cv"),
            "bypass_bleed": pyc.BleedOut(bleed_names=["bypBld"], **still),
            "bypass_duct": pyc.Duct(**still),
            "bypass_nozzle": pyc.Nozzle(nozzType="CV", lossCoef="Cv"),
            "perf": pyc.Performance(num_nozzles=2, num_burners=1),
        }
        order = ["fc", "inlet", "fan", "splitter", "lpc_duct", "lpc", "hpc_duct", "hpc", "cooling", "burner"]
        order += ["hpt", "lpt_duct", "lpt", "tail_duct", "core_nozzle", "bypass_bleed", "bypass_duct"]
        order += ["bypass_nozzle", "low_shaft", "high_shaft", "perf"]
        self.add_subsystem("balance", self._balanced())
        for name in order:
            if name in spooled:
                element, speed = spooled[name]
                self.add_subsystem(name, element, promotes_inputs=[speed])
            else:
                self.add_subsystem(name, others[name])
        self._connect()
        newton = self.nonlinear_solver = om.NewtonSolver(solve_subsystems=True, max_sub_solves=100)
        newton.options.update(
            {"atol": 1e-7, "rtol": 1e-7, "maxiter": 30, "iprint": -1, "reraise_child_analysiserror": False}
        )
        newton.linesearch = om.ArmijoGoldsteinLS(maxiter=3, bound_enforcement="scalar", iprint=-1)
        self.linear_solver = om.DirectSolver(assemble_jac=True)
        super().setup()

    def _balanced(self) -> Any:
        balance = om.BalanceComp()
        if self.options["design"]:
            balance.add_balance("W", val=250.0, units="lbm/s", eq_units="lbf")
            balance.add_balance("FAR", val=0.025, lower=1e-4, eq_units="degR")
            for name, start in (("lpt", 4.0), ("hpt", 3.0)):
                balance.add_balance(
                    f"{name}_PR", val=start, lower=1.001, upper=8.0, eq_units="hp", rhs_val=0.0
                )
            return balance
        balance.add_balance("W", val=300.0, units="lbm/s", lower=10.0, upper=1500.0, eq_units="inch**2")
        balance.add_balance("BPR", val=5.1, lower=0.5, upper=30.0, eq_units="inch**2")
        balance.add_balance("FAR", val=0.02, lower=1e-4, eq_units="lbm/s")
        if self.options["steady"]:
            for name, start in (("low", LOW_RPM), ("high", HIGH_RPM)):
                balance.add_balance(
                    f"{name}_rpm", val=start, units="rpm", lower=500.0, eq_units="hp", rhs_val=0.0
                )
        return balance

    def _connect(self) -> None:
        ends = {"splitter1": "splitter.Fl_O1", "splitter2": "splitter.Fl_O2"}
        for flow in FLOWS:
            names = flow.split()
            for before, after in pairwise(names):
                start = ends.get(before, f"{before}.Fl_O")
                first = before == "fc"
                self.pyc_connect_flow(start, f"{after}.Fl_I", connect_w=not first, connect_stat=first)
        for bleed, to in BLEEDS.items():
            self.pyc_connect_flow(bleed, to, connect_stat=False)
        pairs = {
            "inlet.Fl_O:tot:P": "perf.Pt2",
            "hpc.Fl_O:tot:P": "perf.Pt3",
            "burner.Wfuel": "perf.Wfuel_0",
            "inlet.F_ram": "perf.ram_drag",
            "core_nozzle.Fg": "perf.Fg_0",
            "bypass_nozzle.Fg": "perf.Fg_1",
            "fan.trq": "low_shaft.trq_0",
            "lpc.trq": "low_shaft.trq_1",
            "lpt.trq": "low_shaft.trq_2",
            "hpc.trq": "high_shaft.trq_0",
            "hpt.trq": "high_shaft.trq_1",
            "balance.W": "inlet.Fl_I:stat:W",
            "balance.FAR": "burner.Fl_I:FAR",
        }
        for start, to in pairs.items():
            self.connect(start, to)
        self.connect("fc.Fl_O:stat:P", ["core_nozzle.Ps_exhaust", "bypass_nozzle.Ps_exhaust"])
        if self.options["design"]:
            meets = {"W": "perf.Fn", "FAR": "burner.Fl_O:tot:T"}
            meets |= {"lpt_PR": "low_shaft.pwr_net", "hpt_PR": "high_shaft.pwr_net"}
            self.connect("balance.lpt_PR", "lpt.PR")
            self.connect("balance.hpt_PR", "hpt.PR")
        else:
            meets = {"W": "core_nozzle.Throat:stat:area", "BPR": "bypass_nozzle.Throat:stat:area"}
            meets["FAR"] = "burner.Wfuel"
            self.connect("balance.BPR", "splitter.BPR")
            if self.options["steady"]:
                meets |= {"low_rpm": "low_shaft.pwr_net", "high_rpm": "high_shaft.pwr_net"}
                self.connect("balance.low_rpm", "low_rpm")
                self.connect("balance.high_rpm", "high_rpm")
        for unknown, found in meets.items():
            self.connect(found, f"balance.lhs:{unknown}")


class Sized(NamedTuple):
    """What the design point fixes for every other one.

    Attributes:
        scales: of the component maps, by pyCycle's names.
        core_area: of the core nozzle's throat, in2.
        bypass_area: of the bypass nozzle's, in2.
        fuel: flow at the design point, lbm/s.
    """

    scales: dict[str, float]
    core_area: float
    bypass_area: float
    fuel: float


def _problem(cycle: Turbofan) -> Any:
    problem = om.Problem(reports=False)
    problem.model = cycle
    problem.setup(check=False)
    problem.set_solver_print(level=-1)
    fuel = problem.model.burner.mix_fuel.thermo_add
    fuel.idx_compo = [
        fuel.idx_compo
    ]  # pyCycle 4.4.0 adds an array of one to a number, which NumPy 2.4 refuses
    for name, value in LOSSES.items():
        problem.set_val(name, value)
    problem.set_val("high_shaft.HPX", OFFTAKE_HP, units="hp")
    return problem


def sized() -> Sized:
    """Solve the design point."""
    problem = _problem(Turbofan(design=True))
    for name, value in DESIGN.items():
        problem.set_val(name, value)
    problem.set_val("low_rpm", LOW_RPM, units="rpm")
    problem.set_val("high_rpm", HIGH_RPM, units="rpm")
    problem.set_val("fc.alt", ALTITUDE_FT, units="ft")
    problem.set_val("balance.rhs:W", THRUST_LBF, units="lbf")
    problem.set_val("balance.rhs:FAR", TURBINE_INLET_R, units="degR")
    problem.set_val("fc.balance.Pt", 5.2)
    problem.set_val("fc.balance.Tt", 440.0)
    problem.run_model()
    scales = {
        f"{name}.s_{it}": float(problem.get_val(f"{name}.s_{it}")[0])
        for name, each in SCALES.items()
        for it in each
    }

    def found(name: str, units: str) -> float:
        return float(problem.get_val(name, units=units)[0])

    core, bypass = (found(f"{name}_nozzle.Throat:stat:area", "inch**2") for name in ("core", "bypass"))
    return Sized(scales, core, bypass, found("burner.Wfuel", "lbm/s"))


def solved(size: Sized, altitude_ft: float, mach: float, fuel: float, bleed: float) -> dict[str, float]:
    """Return pyCycle's own steady point of a sized engine.

    Args:
        size: of the engine.
        altitude_ft: of the flight.
        mach: of the flight.
        fuel: flow, lb/s.
        bleed: of the flow into the high-pressure compressor.

    Returns:
        Speeds in rpm, thrust in lbf, temperatures in degR, margins in percent, by `READ`.
    """
    problem = _problem(Turbofan(design=False))
    for name, value in size.scales.items():
        problem.set_val(name, value)
    problem.set_val("balance.rhs:W", size.core_area, units="inch**2")
    problem.set_val("balance.rhs:BPR", size.bypass_area, units="inch**2")
    problem.set_val("balance.rhs:FAR", fuel, units="lbm/s")
    problem.set_val("fc.alt", altitude_ft, units="ft")
    problem.set_val("fc.MN", mach)
    problem.set_val("hpc.cust:frac_W", bleed)
    starts = {"hpt.PR": 3.0, "lpt.PR": 4.0, "fc.balance.Pt": 5.2, "fc.balance.Tt": 440.0}
    starts |= {f"{name}.map.RlineMap": 2.0 for name in ("fan", "lpc", "hpc")}
    for name, value in starts.items():
        problem.set_val(name, value)
    problem.run_model()
    return {name: float(problem.get_val(where)[0]) for name, where in READ.items()}


READ = {
    "low_rpm": "low_rpm",
    "high_rpm": "high_rpm",
    "thrust": "perf.Fn",
    "t3": "hpc.Fl_O:tot:T",
    "egt": "hpt.Fl_O:tot:T",
    "t4": "burner.Fl_O:tot:T",
    "fan_margin": "fan.SMN",
    "lpc_margin": "lpc.SMN",
    "hpc_margin": "hpc.SMN",
}
