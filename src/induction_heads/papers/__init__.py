"""One folder a paper: its runs, measures, figures and claims. What knows no paper is elsewhere."""
