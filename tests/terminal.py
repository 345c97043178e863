"""Runs a command on a pseudo-terminal of its own, answers its prompt, and shows what the terminal showed.

    terminal.py PROMPT ANSWER_HEX COMMAND ARGUMENT...

Everything the terminal showed goes to standard output, byte for byte. PROMPT may be empty: then nothing is
typed. The exit code is the command's; 100 and more say what went wrong here.
"""

import os
import pty
import select
import sys
import termios
import time

TIMEOUT = 20.0


def main(prompt: bytes, answer: bytes, command: list[str]) -> int:
    child, terminal = pty.fork()
    if child == 0:
        os.execv(command[0], command)
    shown = b""
    pending = bool(prompt)
    deadline = time.monotonic() + TIMEOUT
    while True:
        if pending and shown.endswith(prompt):
            os.write(terminal, answer)
            pending = False
        if not select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))[0]:
            os.kill(child, 9)
            return 100
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # how Linux says that the other side is closed
            piece = b""
        if not piece:
            break
        shown += piece
    sys.stdout.buffer.write(shown)
    status = os.waitpid(child, 0)[1]
    if not termios.tcgetattr(terminal)[3] & termios.ECHO:
        return 101
    return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 102


if __name__ == "__main__":
    sys.exit(main(sys.argv[1].encode(), bytes.fromhex(sys.argv[2]), sys.argv[3:]))
