"""A grid world with slippery cells, a swamp and cliffs, and what the best policy in it is worth."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

GRID = (
    "..........",
    ".##..~~...",
    ".#...~~.#.",
    ".#.#....#.",
    "...#.##...",
    "S..#..#..G",
    "xxxx..xxxx",
)
LEGEND = {"S": "start", "G": "goal", "#": "wall", "x": "cliff", "~": "swamp"}
ACTIONS = ("up", "right", "down", "left")
MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))
SLIP = 0.1
"""Chance to go to the left or to the right of where one wants to, each."""
STEP, SWAMP, CLIFF, GOAL = -0.02, -0.2, -1.0, 1.0
LONGEST = 200

Cell = tuple[int, int]


class GridWorld:
    """Behaves as an environment of gymnasium. What is seen is the row and the column."""

    render_mode = None

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.cell: Cell = START
        self.steps = 0

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[NDArray[np.int64], dict[str, Any]]:
        if seed is not None:
            self.rng = np.random.default_rng(seed)
        self.cell, self.steps = START, 0
        return np.array(self.cell), {}

    def step(self, action: int) -> tuple[NDArray[np.int64], float, bool, bool, dict[str, Any]]:
        turned = (action + self.rng.choice([0, -1, 1], p=[1 - 2 * SLIP, SLIP, SLIP])) % 4
        self.cell, terms, over = moved(self.cell, int(turned))
        self.steps += 1
        info = {"reward_terms": terms, "is_success": GRID[self.cell[0]][self.cell[1]] == "G"}
        return np.array(self.cell), sum(terms.values()), over, not over and self.steps >= LONGEST, info

    def close(self) -> None:
        pass


def moved(cell: Cell, action: int) -> tuple[Cell, dict[str, float], bool]:
    """Where that leads without a slip, the parts of the reward, and whether it is over."""
    row, column = cell[0] + MOVES[action][0], cell[1] + MOVES[action][1]
    inside = 0 <= row < len(GRID) and 0 <= column < len(GRID[0]) and GRID[row][column] != "#"
    after = (row, column) if inside else cell
    letter = GRID[after[0]][after[1]]
    terms = {
        "step": STEP,
        "swamp": SWAMP if letter == "~" else 0.0,
        "cliff": CLIFF if letter == "x" else 0.0,
        "goal": GOAL if letter == "G" else 0.0,
    }
    return after, terms, letter in "xG"


START: Cell = next((r, c) for r, row in enumerate(GRID) for c, letter in enumerate(row) if letter == "S")


def optimal(gamma: float) -> NDArray[np.float64]:
    """Action values of the best policy, by value iteration over the known world, shape (rows, columns, 4)."""
    q = np.zeros((len(GRID), len(GRID[0]), 4))
    while True:
        before = q.copy()
        for row, line in enumerate(GRID):
            for column, letter in enumerate(line):
                if letter in "#xG":
                    continue
                for action in range(4):
                    q[row, column, action] = sum(
                        chance * backed(before, (row, column), (action + turn) % 4, gamma)
                        for turn, chance in ((0, 1 - 2 * SLIP), (-1, SLIP), (1, SLIP))
                    )
        if np.abs(q - before).max() < 1e-10:
            return q


def backed(q: NDArray[np.float64], cell: Cell, action: int, gamma: float) -> float:
    after, terms, over = moved(cell, action)
    return sum(terms.values()) + (0.0 if over else gamma * float(q[after].max()))
