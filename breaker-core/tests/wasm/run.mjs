// Runs the `main` of a module that imports nothing. A panic is a trap, and so an exception.
import { readFileSync } from "node:fs";

const { instance } = await WebAssembly.instantiate(readFileSync(process.argv[2]));
instance.exports.main(0, 0);
