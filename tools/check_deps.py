#!/usr/bin/env python3
"""The may-include table of ARCHITECTURE.md as a test.

Every folder of src/ is a room; this checks every #include "room/file.h" of every room:
  - a room includes only itself, the rooms and the single front headers of its row in MAY;
  - a back end's headers (log/kafka/x.h) are included only from the back end's own folder;
  - log/log_backend.h and store/store_backend.h are for implementers: only inside log/ and store/;
  - no cycles between rooms, none between headers; public headers (include/) stand on their own.

Usage: tools/check_deps.py [ROOT]        Exit status 1 if anything is wrong.
If the table gets in the way, change it here and in ARCHITECTURE.md, in the same commit, with the reason.
"""

import os
import posixpath
import re
import sys

MAY = {
    "base": [],
    "json": ["base"],
    "graphql": ["base", "json"],
    "model": ["base", "graphql"],
    "event": ["base", "json", "model"],
    "codec": ["base", "json", "model", "event"],
    "net": ["base"],
    "log": ["base"],
    "store": ["base", "json", "model", "event"],
    "gateway": ["base", "json", "graphql", "model", "event", "codec", "net", "log/log.h", "query/query.h"],
    # its workers share one reader of the log
    "consumer": ["base", "json", "model", "event", "codec", "log/log.h", "log/share.h", "store/store.h"],
    "query": ["base", "json", "model", "event", "store/store.h"],
    "outbox": ["base", "event", "codec", "log/log.h", "store/outbox.h"],
    "server": [
        "base", "json", "graphql", "model", "event", "codec", "net", "log", "store", "gateway", "consumer", "query",
        "outbox",
    ],
    # commands show what they find: the front headers beside server
    "cli": ["server", "base", "json", "model", "event", "codec", "log/log.h", "store/store.h"],
}  # fmt: skip

# Rooms whose sub-folders are back ends, and the header that only implementers may see.
BACKENDS = {"log": "log/log_backend.h", "store": "store/store_backend.h"}

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<(logfirst/[^>]+)>)')


def source_files(root, folder):
    """Paths below ROOT/FOLDER of everything that can hold an #include, with / and relative to FOLDER."""
    top = os.path.join(root, folder)
    for directory, folders, names in os.walk(top):
        folders.sort()
        for name in sorted(names):
            if name.endswith((".c", ".h", ".def", ".inc", ".h.in")):
                path = os.path.join(directory, name)
                yield os.path.relpath(path, top).replace(os.sep, "/")


def includes(path):
    """(line number, included path) of each quoted include, and of each <logfirst/…>."""
    with open(path, encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            match = INCLUDE.match(line)
            if match:
                yield number, match.group(1) or match.group(2)


def why_not(source, target, may):
    """Why SOURCE (a path below src/) may not include TARGET; None if it may."""
    room = source.split("/")[0]
    if target.startswith("logfirst/"):
        return None
    parts = posixpath.normpath(target).split("/")
    if len(parts) < 2 or parts[0] == ".." or posixpath.normpath(target) != target:
        return f'include "{target}": write the path from src/, as in "{room}/{parts[-1]}"'
    wanted = parts[0]
    if wanted not in may:
        return f"{room} may not include {target}: src/{wanted} is no room"
    if wanted in BACKENDS and len(parts) > 2 and posixpath.dirname(source) != posixpath.dirname(target):
        return f"{room} may not include {target} (only src/{posixpath.dirname(target)}/ sees that back end's headers)"
    if wanted == room:
        return None
    allowed = ", ".join(may[room]) or "nothing"
    if wanted not in may[room] and target not in may[room]:
        return f"{room} may not include {target} (may include: {allowed})"
    if target in BACKENDS.values():
        return f"{room} may not include {target} (for implementers in src/{wanted}/; include {wanted}/{wanted}.h)"
    return None


def find_cycle(graph):
    """A list of nodes that leads back to its first one, or None."""
    done = set()

    def walk(node, path, on_path):
        done.add(node)
        for following in sorted(graph.get(node, ())):
            if following in on_path:
                return path[path.index(following) :] + [following]
            if following not in done:
                cycle = walk(following, path + [following], on_path | {following})
                if cycle:
                    return cycle
        return None

    for node in sorted(graph):
        if node not in done:
            cycle = walk(node, [node], {node})
            if cycle:
                return cycle
    return None


def check(root, may=None):
    """All problems of the tree at ROOT, one line each."""
    may = MAY if may is None else may
    problems = []
    table = {room: {entry.split("/")[0] for entry in row} for room, row in may.items()}
    cycle = find_cycle(table)
    if cycle:
        problems.append("tools/check_deps.py: the table itself has a cycle: " + " -> ".join(cycle))

    rooms, headers = {}, {}
    for source in source_files(root, "src"):
        room = source.split("/")[0]
        if "/" not in source:
            problems.append(f"src/{source}:1: every source file belongs into a room")
            continue
        if room not in may:
            problems.append(f"src/{source}:1: src/{room} is no room: give it a row in tools/check_deps.py")
            continue
        for line, target in includes(os.path.join(root, "src", source)):
            reason = why_not(source, target, may)
            if reason:
                problems.append(f"src/{source}:{line}: {reason}")
            if target.startswith("logfirst/"):
                continue
            if "/" in target and target.split("/")[0] != room:
                rooms.setdefault(room, set()).add(target.split("/")[0])
            if source.endswith(".h"):
                headers.setdefault(source, set()).add(target)
    for name, graph in (("rooms", rooms), ("headers", headers)):
        cycle = find_cycle(graph)
        if cycle:
            problems.append(f"src: cycle between {name}: " + " -> ".join(cycle))

    for source in source_files(root, "include"):
        for line, target in includes(os.path.join(root, "include", source)):
            if not target.startswith("logfirst/"):
                problems.append(f"include/{source}:{line}: a public header may not include {target}")
    return problems


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    problems = check(root)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
