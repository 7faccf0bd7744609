"""von Oswald and others 2022: trained linear self-attention takes a step of gradient descent on its context.

The regression tasks, the network and its construction, claims, figures and readings of this paper; nothing of others.
"""
