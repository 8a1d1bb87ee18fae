"""What a3_rnn_cell asks of the student's code. Hidden: nothing of this file leaves the grader.

The walls, and what each catches:
* agrees with PyTorch: N = 3, sizes that all differ, an old state that is not zero, a random gradient from above: all
  that a single sample, a zero state, an upstream of ones or a symmetric weight_hh would hide;
* one sample, equal sizes, strided arrays, other leading axes: code that depends on the deciding problem's shape;
* can be called again: lists that are never cleared, caches that are used up, arguments changed in place;
* zeros: an upstream that is ignored or replaced;
* huge logits: a softmax that overflows;
* cost: differences instead of a gradient.
What is built of other functions may use the student's own; under a wrong forward a backward is compared with
differences of that forward (autograder/checks/follow.py).
"""
