// The real model of the tests: small enough to run everywhere, real enough to reveal errors.
import { fileURLToPath } from "node:url";

export const smallModel = fileURLToPath(new URL("../../../models/smollm2-135m-instruct-q4_1.gguf", import.meta.url));
