// A model on a server, as the config names it: http://host:port/v1#model. What stands after # is the name that the server knows.
// The key is never part of it: the config is stored and printed.

/** Where a model is served, by the OpenAI chat-completions protocol. */
export interface ServerAddress {
  /** Without the model and without a slash at the end: http://host:port/v1. */
  readonly url: string;
  readonly model: string;
}

/** The environment variable with the server's key; OPENAI_API_KEY is never read, which may be there for something else. */
export const keyVariable = "PLAYACT_API_KEY";

/** The address in a model's name; null if the name is no address. @throws RangeError for an address that `serverFault` refuses */
export function serverOf(name: string): ServerAddress | null {
  const read = readServer(name);
  if (read !== null && "fault" in read) throw new RangeError(read.fault);
  return read;
}

/** Why a name that starts like an address is none; null if it is one, or no address at all. */
export function serverFault(name: string): string | null {
  const read = readServer(name);
  return read !== null && "fault" in read ? read.fault : null;
}

function readServer(name: string): ServerAddress | { readonly fault: string } | null {
  if (!/^https?:/i.test(name)) return null;
  const form = "expected http://HOST:PORT/v1#MODEL";
  if (!URL.canParse(name)) return { fault: `${form}, which this is not` };
  const url = new URL(name);
  // neither is repeated in the message: it may be a key
  if (url.username !== "" || url.password !== "" || url.search !== "")
    return { fault: `${form}, without user, password or query; a key belongs in the environment variable ${keyVariable}` };
  const model = decoded(url.hash.slice(1));
  if (model === "") return { fault: `${form}, got no model after #` };
  return { url: `${url.origin}${url.pathname.replace(/\/+$/, "")}`, model };
}

/** A model's name with or without percent signs for what an address cannot hold. */
function decoded(hash: string): string {
  try {
    return decodeURIComponent(hash);
  } catch {
    return hash;
  }
}
