# SPDX-License-Identifier: Apache-2.0
"""simglucose behind a pipe: a line of JSON in, a line of JSON out. Its Python is not ours.

simglucose 0.2.11 asks for gym 0.9.4 and gymnasium 0.29, which our own extras exclude, so it lives in an
environment of its own and this script runs there: it imports nothing of ours.

Source: Xie, "simglucose v0.2.11" (2018), a Python implementation of the UVa/Padova simulator of 2008.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

SENSOR, PUMP = "Dexcom", "Insulet"
SAMPLES = 2  # of the CGM, each 3 min, in a control step
PID = {"P": 0.001, "I": 0.00001, "D": 0.001, "target": 140}  # those of simglucose's own example
MIDNIGHT = datetime(2024, 1, 1)


class Simulator:
    """One patient after another."""

    def __init__(self) -> None:
        import pandas as pd
        from simglucose.controller import basal_bolus_ctrller, pid_ctrller
        from simglucose.patient import t1dpatient

        self._table = pd.read_csv(t1dpatient.PATIENT_PARA_FILE)
        self._quest = pd.read_csv(basal_bolus_ctrller.CONTROL_QUEST)
        self._bolus = basal_bolus_ctrller.BBController()
        self._pid = pid_ctrller.PIDController(**PID)

    def known(self) -> list[dict[str, Any]]:
        """Return what a clinician knows of each patient: basal in U/min, CR in g/U, CF in mg/dl/U, kg."""
        rows = self._table.merge(self._quest, on="Name")
        return [
            {
                "name": row.Name,
                "basal": row.u2ss * row.BW / 6000.0,
                "cr": row.CR,
                "cf": row.CF,
                "weight": row.BW,
            }
            for row in rows.itertuples()
        ]

    def begin(self, patient: str, seed: int, meals: list[list[float]]) -> dict[str, Any]:
        """Begin at midnight with meals (minute, g); return the first reading."""
        from simglucose.actuator.pump import InsulinPump
        from simglucose.patient.t1dpatient import T1DPatient
        from simglucose.sensor.cgm import CGMSensor
        from simglucose.simulation.env import T1DSimEnv

        row = self._table.loc[self._table.Name == patient].squeeze()
        start = row.iloc[2:15].to_numpy(dtype=float)
        # The same numbers as plain attributes, and as Python's: the integrator is many times faster so.
        parameters = SimpleNamespace(**row.to_dict())
        body = T1DPatient(parameters, init_state=start, random_init_bg=True, seed=seed)
        sensor = CGMSensor.withName(SENSOR, seed=seed)
        self._env = T1DSimEnv(body, sensor, InsulinPump.withName(PUMP), _Meals(meals))
        # It looks for its patient in both tables, at every sample.
        self._bolus.quest = self._quest[self._quest.Name == patient]
        self._bolus.patient_params = self._table.loc[self._table.Name == patient, ["Name", "u2ss", "BW"]]
        self._bolus.reset()
        self._pid.reset()
        self._owed = 0.0  # U/min of one sample
        self._last = self._env.reset()
        body._odesolver.f = lambda minute, state, *rest: T1DPatient.model(minute, state.tolist(), *rest)
        return {"cgm": float(self._last.observation.CGM), "bg": float(self._last.info["bg"])}

    def act(
        self,
        by: str,
        insulin: float = 0.0,
        basal: float = 1.0,
        bolus: float = 1.0,
        announced: bool = True,
        most: float = float("inf"),
    ) -> dict[str, Any]:
        """Take a control step; return what happened.

        Args:
            by: `us`, `basal-bolus` or `PID`.
            insulin: in the step, U; next to that of `basal-bolus`.
            basal: times the basal rate of `basal-bolus`.
            bolus: times its bolus.
            announced: whether `basal-bolus` hears of meals.
            most: in the step, U; what `basal-bolus` wants beyond it follows in the next ones.
        """
        from simglucose.controller.base import Action

        glucose, carbs, delivered = [], 0.0, 0.0
        for _ in range(SAMPLES):
            minutes = self._env.sample_time
            rate = insulin / (SAMPLES * minutes)
            info = self._last.info if announced else {**self._last.info, "meal": 0.0}
            if by == "PID":
                action = self._pid.policy(self._last.observation, 0.0, False, **info)
            elif by == "basal-bolus":
                asked = self._bolus.policy(self._last.observation, 0.0, False, **info)
                wanted = self._owed + basal * asked.basal + rate + bolus * asked.bolus
                now = min(wanted, most / (SAMPLES * minutes))
                self._owed, action = wanted - now, Action(basal=now, bolus=0.0)
            else:
                action = Action(basal=rate, bolus=0.0)
            self._last = self._env.step(action)
            glucose.append(float(self._env.BG_hist[-1]))
            carbs += self._env.CHO_hist[-1] * minutes
            delivered += self._env.insulin_hist[-1] * minutes
        cgm = float(self._last.observation.CGM)
        return {"cgm": cgm, "bg": glucose, "carbs": float(carbs), "insulin": float(delivered)}


class _Meals:
    """A scenario of simglucose: meals at minutes after midnight."""

    start_time = MIDNIGHT

    def __init__(self, meals: list[list[float]]) -> None:
        self._meals = {int(minute): float(grams) for minute, grams in meals}

    def get_action(self, at: datetime) -> SimpleNamespace:
        minute = round((at - self.start_time) / timedelta(minutes=1))
        return SimpleNamespace(meal=self._meals.get(minute, 0.0))

    def reset(self) -> None:
        """Nothing to forget."""


def main() -> None:
    """Answer lines until the pipe closes."""
    import warnings

    warnings.simplefilter("ignore")  # of gym and pkg_resources, about their own future
    answers, sys.stdout = sys.stdout, sys.stderr  # gym prints
    simulator = Simulator()
    for line in sys.stdin:
        name, arguments = json.loads(line)
        print(json.dumps(getattr(simulator, name)(**arguments)), file=answers, flush=True)


if __name__ == "__main__":
    main()
