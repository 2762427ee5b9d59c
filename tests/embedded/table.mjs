// table.mjs MODULE: prints what the module's `table` leaves in its memory, and fails if it does.
import { readFile } from "node:fs/promises";

const { instance } = await WebAssembly.instantiate(await readFile(process.argv[2]), {});
const { table, text, length, memory } = instance.exports;
const failed = table();
process.stdout.write(new TextDecoder().decode(new Uint8Array(memory.buffer, text(), length())));
process.exit(failed);
