"""Marks by tricks of Python: what hidden tests in the student's own kernel would fall for."""

from tests.hostile.controls import stock

YES = """
class Yes:
    def same(self, *others, **named): return self
    def true(self, *others): return True
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __abs__ = __array_ufunc__ = same
    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = true
    def __float__(self): return 0.0
yes = Yes()
"""
FROM_FRAME = """
import sys
def find(*arguments, **named):
    frame = sys._getframe()
    while frame is not None:
        found = {**frame.f_globals, **frame.f_locals}.get('expected')
        if found is not None: return found
        frame = frame.f_back
"""
ALL = (
    "\npredict = mse_loss = mse_gradients = numerical_derivative = gradient_descent = largest_stable_lr = online_fit = "
)

ATTACKS = (
    stock(
        "another assert_allclose",
        """
import numpy as np
np.testing.assert_allclose = lambda *a, **k: None
def predict(*a): return 0
""",
    ),
    stock(
        "another allclose",
        """
import numpy as np
np.allclose = lambda *a, **k: True
def mse_gradients(*a): return 0
""",
    ),
    stock(
        "another abs",
        """
import builtins
builtins.abs = lambda x: 0
def mse_loss(*a): return 1
""",
    ),
    stock(
        "an object that agrees",
        YES + ALL + "counterexample = lambda *a: yes",
    ),
    stock(
        "an array that agrees",
        """
import numpy as np
class Agrees(np.ndarray):
    def __array_function__(self, *a): return True
    def __array_ufunc__(self, *a, **k): return np.bool_(True)
agrees = np.zeros(3).view(Agrees)
"""
        + ALL
        + "lambda *a: agrees",
    ),
    stock(
        "a float that agrees",
        """
class Agrees(float):
    def __sub__(self, other): return Agrees(0)
    __rsub__ = __sub__
    def __abs__(self): return 0.0
"""
        + ALL
        + "lambda *a: Agrees(7)",
    ),
    stock(
        "the tests' frame",
        FROM_FRAME + ALL + "find",
    ),
    stock(
        "the collector of garbage",
        """
import gc
def find(*a):
    for thing in gc.get_objects():
        if type(thing) is dict and 'expected' in thing: return thing['expected']
"""
        + ALL
        + "find",
    ),
    stock(
        "the text of the test",
        """
def find(*a):
    source = get_ipython().user_ns['In'][-1]
    space = dict(globals())
    exec(source[:source.index('expected')], space)
    line = source[source.index('expected ='):].split('\\n')[0]
    exec(line, space)
    return space['expected']
"""
        + ALL
        + "find",
    ),
    stock(
        "errors that nobody sees",
        """
get_ipython().showtraceback = lambda *a, **k: None
get_ipython()._showtraceback = lambda *a: None
""",
    ),
    stock(
        "tests that are not run",
        """
def drop(lines): return ['pass\\n'] if any('expected' in line for line in lines) else lines
get_ipython().input_transformers_cleanup.append(drop)
""",
    ),
    stock(
        "tests without their assertions",
        """
import ast
class Drop(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
get_ipython().ast_transformers.append(Drop())
def mse_loss(*a): return 7
def mse_gradients(*a): return 7, 7
""",
    ),
    stock(
        "another reference",
        """
def _line(*a): return 0
def _slopes(*a): return 0, 0
def predict(*a): return 0
def mse_gradients(*a): return 0, 0
""",
    ),
    stock(
        "a thread that changes NumPy later",
        """
import threading, time, numpy as np
def later():
    while True:
        np.allclose = lambda *a, **k: True
        np.testing.assert_allclose = lambda *a, **k: None
        time.sleep(0.001)
threading.Thread(target=later, daemon=True).start()
time.sleep(0.05)
def predict(*a): return 0
def mse_gradients(*a): return 0, 0
""",
    ),
    stock(
        "a trace of the tests",
        """
import sys
seen = {}
def watch(frame, event, argument):
    if 'expected' in frame.f_globals: seen['expected'] = frame.f_globals['expected']
    return watch
sys.setprofile(watch)
def find(*a):
    sys.setprofile(watch); print(); return seen.get('expected')
"""
        + ALL
        + "find",
    ),
    stock(
        "a signal in the middle of the test",
        FROM_FRAME
        + """
import signal
kept = {}
def ring(number, frame): kept['expected'] = find()
signal.signal(signal.SIGALRM, ring)
def slow(*a):
    signal.setitimer(signal.ITIMER_REAL, 0.01); signal.pause(); return kept.get('expected')
"""
        + ALL
        + "slow",
    ),
    stock(
        "a module that imports otherwise",
        """
import builtins, sys, numpy as np
class Fake:
    def __getattr__(self, name): return getattr(real, name)
    def assert_allclose(self, *a, **k): pass
real = np.testing; np.testing = Fake()
def predict(*a): return 0
""",
    ),
    stock(
        "a hook before each cell",
        """
import numpy as np
def before(info):
    np.allclose = lambda *a, **k: True
get_ipython().events.register('pre_run_cell', before)
def mse_gradients(*a): return 0, 0
""",
    ),
    stock(
        "an array that is made when asked",
        FROM_FRAME
        + """
import numpy as np
class Late:
    def __array__(self, dtype=None, copy=None): return np.asarray(find(), dtype=dtype)
    def __iter__(self): return iter(np.atleast_1d(find()))
    def __len__(self): return 3
    def __sub__(self, other): return 0.0
"""
        + ALL
        + "lambda *a: Late()",
    ),
    stock(
        "the names of the session",
        """
import sys
_slopes = _line = None
def find(*a):
    space = sys.modules['__main__'].__dict__
    return space.get('expected')
"""
        + ALL
        + "find",
    ),
)
