// JSON and its schemas as plain readonly data.

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export type JsonObject = { readonly [key: string]: Json };

/** JSON Schema as catalogues use it: the subset that can be converted to a grammar (rules/schema/grammar.ts). */
export type JsonSchema = { readonly [key: string]: Json };
