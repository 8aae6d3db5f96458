// For whom a task is made.

export interface Persona {
  /** "p0007", or from the file. */
  readonly name: string;
  readonly text: string;
}
