"""What a2_mlp_backprop asks of the student's code. Hidden: nothing of this file leaves the grader.

Walls. Rows, inputs, hidden units and outputs all differ in number, so a transposed or mis-summed array has another
shape or other numbers; the upstream gradient is random, so one that ignores it fails; nets are around 1, so every
sigmoid bends. A second forward between two backwards finds a cache in a global, a second backward finds what was
changed in place, a zero upstream finds what is added to it. There are also one row and equal sizes, since shapes that
collapse break right-looking code. Rows near 1000, near -1000 and both find exp without a shift, and a shift by the
largest number of the whole matrix. A wide nudge finds every difference but the central one; an array with holes and an
array without axes find copies that were nudged instead of the array. A net of some thousand weights finds gradients
that are differences: numbers cannot tell them, only cost.
"""
