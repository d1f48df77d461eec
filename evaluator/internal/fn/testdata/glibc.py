"""Writes glibc.tsv: formats of printf and strftime, a value, and the answer of the C library on this machine."""

import ctypes
import os
import pathlib
import random
import time

random.seed(5)
os.environ["TZ"] = "UTC"
time.tzset()
libc = ctypes.CDLL(None)
rows = []
for _ in range(400):
    verb = random.choice("dxofeEgG")
    whole = verb in "dxo"
    format = "%" + "".join(random.sample("-+ 0", random.randint(0, 3))) + random.choice(["", "5", "12"])
    format += random.choice(["", ".0", ".3", ".", ".8"]) + ("ll" if whole else "") + verb
    number = random.choice([0, 1, -1, 255, -12345, 123456789] if whole else
                           [0.0, 1.5, -2.5, 1e6, 123456.789, 1e-5, 0.0001, 1e20, -0.001, 99999.95, 1e100, 0.1])
    buffer = ctypes.create_string_buffer(500)
    libc.snprintf(buffer, 500, format.encode(), ctypes.c_longlong(number) if whole else ctypes.c_double(number))
    rows.append(("formatNumber", format, repr(number), buffer.value.decode()))
for _ in range(100):
    at = time.gmtime(random.randint(-5 * 10**9, 2 * 10**10))
    for format in ["%a %A %b %B %c", "%C %d %D %e %F", "%g %G %h %H %I %j", "%k %l %m %M %p %P %r %R",
                   "%s %S %T %u %U %V %w %W", "%x %X %y %Y %-d %-m"]:
        rows.append(("formatDatetime", format, time.strftime("%Y-%m-%dT%H:%M:%S", at), time.strftime(format, at)))
text = "".join("\t".join(row) + "\n" for row in rows)
pathlib.Path(__file__).with_name("glibc.tsv").write_text(text)
