"""What a4_bptt asks of the student's code. Hidden: nothing of this file leaves the grader.

The walls, and what each catches:
* agrees with PyTorch: T = 5, N = 3, sizes that all differ, h0 that is not zero, an injected gradient at every step:
  all that T = 1, h0 = 0, an upstream of ones or a symmetric weight_hh would hide;
* one step, one sample, equal sizes, strided arrays: code that depends on the deciding problem's shape;
* can be called again: caches that are used up, globals, lists that are never cleared, arguments changed in place;
* nothing in, nothing out: an upstream that is ignored or replaced;
* cost: differences instead of a gradient, a sweep that starts again for each step.
Under a wrong forward a backward is compared with differences of that forward; what is built of other functions may
use the student's own (autograder/checks/follow.py).
"""
