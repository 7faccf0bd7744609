"""One folder a paper: its runs, measures, claims, drawings and story, and the paper itself as a value in `paper`.

No folder imports another: what two papers need belongs in `networks`, `lens` or `data`, what no paper is about in
`machinery`.
"""
