"""The paper's one figure."""

import matplotlib.pyplot as plt

from induction_heads.machinery.drawing import Drawing


def figure_1(histories) -> Drawing:
    figure, ax = plt.subplots()
    for name, history in histories.items():
        ax.plot(history.steps, history.height, label=name)
    return Drawing("figure_1", figure, "Figure 1: falling", "Where it is.", "Two curves that bend down.")
