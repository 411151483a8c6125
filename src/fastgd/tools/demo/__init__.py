"""
The demonstration: `python -m fastgd demo`.

`digits` loads scikit-learn's handwritten digits and trains one network on them again and again, each time with another
optimizer. After each gradient fastgd updates the network, and plain NumPy (`fastgd.tools.bench.plain`) a copy of it.
It prints a table of accuracies and times, and `picture` draws the curves of the losses.
"""
