"""The paper's argument, told through its figures in its own order: what stands between them in the gallery."""

from induction_heads.machinery.paper import Part

INTRODUCTION = (
    "The paper's argument, re-made from scratch and told through its figures. Induction heads, the circuits behind "
    "in-context learning, appear abruptly in training. The paper interferes with the network *throughout training* "
    "and finds why: three subcircuits, each learnt smoothly, need each other, and their interaction makes the change "
    "abrupt."
)
STORY = (
    Part(
        "The task",
        "An *induction head* completes A B … A with B. Here two characters are shown with a label each, then one "
        "of them again, and the answer is its label. Labels are dealt anew for every sequence, so that nothing "
        "can be memorised: the network has to find the query in the context and copy what stands after it.",
        (
            "figure_1_sequences",
            "figure_1_circuit",
        ),
    ),
    Part(
        "How abruptly do induction heads emerge, and how many?",
        "A two-layer transformer with attention only is trained on the task. Where nothing but copying a label "
        "from the context is learnt, the loss is ln 2.",
        (
            "figure_3a",
            "figure_3b",
            "figure_3_direct_path",
        ),
    ),
    Part(
        "Are the heads redundant, and additive?",
        "One perfect head would be enough; why are there several, and does the network need them?",
        (
            "figure_4a",
            "figure_4b",
        ),
    ),
    Part(
        "Why a plateau? Smooth parts that need each other, says the paper",
        "The paper's explanation is in two steps. In a toy model, a product of three vectors, each part learns "
        "only as fast as the others allow, so that the whole waits and then falls. In the network the parts are "
        "clamped: from the first step of training on, a step of the circuit is given its finished form, and what "
        "is left is watched being learnt.",
        (
            "figure_5a",
            "figure_5b",
        ),
    ),
    Part(
        "What the data slow",
        "Clamps take the phase change apart: how does each subcircuit depend on the data?",
        ("figure_6",),
    ),
    Part(
        "Appendix: clamps in more detail",
        "Other ways to fix a part of the network, and what a clamp tells that a progress measure does not.",
        (
            "figure_7",
            "figure_8",
            "figure_9",
            "figure_10",
        ),
    ),
    Part(
        "Appendix: how the heads are wired",
        "Which Layer 1 heads feed which Layer 2 heads, and what the layers tell the output directly.",
        (
            "table_1",
            "figure_11",
            "figure_12",
        ),
    ),
    Part(
        "Appendix: heads alone and together",
        "What each head contributes, in nats and mistakes.",
        (
            "figure_13",
            "figure_14",
            "figure_15",
            "table_2",
            "table_3",
            "figure_16",
            "figure_17",
            "figure_18",
        ),
    ),
    Part(
        "Beyond the paper",
        "Is it these seeds, or these data, only?",
        ("figure_many_seeds", "table_claims"),
    ),
)
