"""The lab: this paper's experiment as one page that trains in the reader's browser.

Its parts (HTML, one stylesheet, one script in several files, a worker) and what joins them into a file that needs no
server. What trains is `networks/wasm`; runs that figures draw are in `runs`, and are trained in Python.
"""
