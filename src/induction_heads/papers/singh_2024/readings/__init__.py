"""What is seen in the figures: sentences made from their numbers, a module a notebook, a function a reading.

No figure is drawn here and nothing is measured. A prediction that failed is called failed.
"""
