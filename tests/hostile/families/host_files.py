"""Files of the host: read, written, listed, by any way that leads there."""

from tests.hostile.controls import system

ATTACKS = (
    system("read a file of the teacher", "print(open(at['folder'] + '/secret').read())"),
    system("list the folder", "import os; assert 'secret' in os.listdir(at['folder'])"),
    system("write a file", "open(at['folder'] + '/written', 'w').close()"),
    system("append to a file", "open(at['folder'] + '/secret', 'a').write('!')"),
    system("remove a file", "import os; os.remove(at['folder'] + '/secret')"),
    system("rename a file", "import os; os.rename(at['folder'] + '/secret', at['folder'] + '/mine')"),
    system("change the rights of a file", "import os; os.chmod(at['folder'] + '/secret', 0o600)"),
    system("set the time of a file", "import os; os.utime(at['folder'] + '/secret', (0, 0))"),
    system(
        "through a link of its own",
        "import os; os.symlink(at['folder'], 'way'); print(open('way/secret').read())",
        "a plain process",
    ),
    system(
        "from the root upwards",
        "import os; path = '../' * 40 + at['folder'][1:] + '/secret'; here = os.open('/', 0)\n"
        "print(open(os.open(path, os.O_RDONLY, dir_fd=here)).read())",
    ),
    system(
        "as memory",
        "import numpy as np; print(bytes(np.memmap(at['folder'] + '/secret', dtype='u1', mode='r')).decode())",
    ),
    system(
        "by the file descriptor of a parent folder",
        "import os; os.chdir('/'); os.chdir('..'); os.chdir(at['folder']); print(open('secret').read())",
    ),
    system("read the course", "assert open(at['course'] + '/course.toml').read()"),
    system(
        "read the hidden tests",
        "assert open(at['course'] + '/autograder/assignments/a1_linear_fit/suite.py').read()",
    ),
    system("read the solutions", "assert open(at['course'] + '/source/a1_linear_fit/a1_linear_fit.ipynb').read()"),
    system("import the grader", "import sys; sys.path.insert(0, at['course']); import autograder"),
    system("change what the next student imports", "import selfcheck; open(selfcheck.__file__, 'r+').close()"),
    system("write into its own Python", "import sys; open(sys.prefix + '/pyvenv.cfg', 'r+').close()"),
)
