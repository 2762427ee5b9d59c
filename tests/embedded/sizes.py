"""sizes.py ELF: bytes of text and of stack, in total and by function, of a 32-bit little-endian
program that was built with `-Z emit-stack-sizes`. The usual tools of a PC do not read such files."""

import struct
import sys

FUNCTION = 2
ALLOCATED_CODE = 2 | 4


def sections(elf):
    offset, = struct.unpack_from("<I", elf, 32)
    size, count, names = struct.unpack_from("<HHH", elf, 46)
    fields = ("name", "type", "flags", "address", "offset", "size", "link")
    found = [
        dict(zip(fields, struct.unpack_from("<7I", elf, offset + index * size)))
        for index in range(count)
    ]
    for section in found:
        section["name"] = text(elf, found[names]["offset"] + section["name"])
    return found


def text(elf, start):
    return elf[start:elf.index(b"\0", start)].decode()


def functions(elf, found):
    table = next(section for section in found if section["name"] == ".symtab")
    names = found[table["link"]]["offset"]
    for at in range(table["offset"], table["offset"] + table["size"], 16):
        name, address, size, info = struct.unpack_from("<IIIB", elf, at)
        if info & 15 == FUNCTION and size:
            # The lowest bit of an address says that the code is Thumb.
            yield address & ~1, size, text(elf, names + name)


def stacks(elf, found):
    for section in found:
        if section["name"] != ".stack_sizes":
            continue
        at = section["offset"]
        end = at + section["size"]
        while at < end:
            address, = struct.unpack_from("<I", elf, at)
            at += 4
            size = shift = 0
            while True:
                byte = elf[at]
                at += 1
                size |= (byte & 127) << shift
                shift += 7
                if byte < 128:
                    break
            yield address & ~1, size


def main(path):
    with open(path, "rb") as file:
        elf = file.read()
    found = sections(elf)
    code = sum(s["size"] for s in found if s["flags"] & ALLOCATED_CODE == ALLOCATED_CODE)
    constants = sum(s["size"] for s in found if s["name"].startswith(".rodata"))
    stack = dict(stacks(elf, found))
    by_address = {address: (size, name) for address, size, name in functions(elf, found)}
    print(f"text {code}, constants {constants}")
    print("  text  stack  function")
    for address, (size, name) in sorted(by_address.items(), key=lambda item: -item[1][0]):
        print(f"{size:6} {stack.get(address, 0):6}  {name}")


main(sys.argv[1])
