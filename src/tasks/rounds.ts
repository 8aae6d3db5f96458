// Which drafts are written, and in which order they are decided. As TRUSTEE draws a batch: a round writes a draft for every open
// place, from the second round on two; a round after one without any task is drawn ten levels lower; after the last round a
// place stays empty. Departs in two ways: no empty task fills a place, and drafts belong to places, because each place has its
// own order. Knows no model and no store.
import { mapConcurrent } from "../concurrent.ts";

/** Levels by which a round is lowered after a round without a task. */
export const loweredBy = 10;

export interface Rounds<D> {
  /** Places that need a task, ascending. */
  readonly places: readonly number[];
  /** Rounds at most. */
  readonly rounds: number;
  /** Rounds that gave a task before a resume. */
  readonly fruitful: Iterable<number>;
  /** Drafts written side by side. */
  readonly width: number;
  /** Writes draft `number` (from 1) of a place; `lowered`: at a lower level. */
  readonly write: (place: number, number: number, lowered: boolean) => Promise<D>;
  /**
   * Accepts a draft (true) or rejects it. Called one at a time in the order of round, place and number, however long each took
   * to write; a draft of a place that is already filled is dropped unseen. So decisions do not depend on timing, and the drafts
   * accepted before a kill are the first ones of an uninterrupted run.
   */
  readonly decide: (place: number, draft: D, round: number) => Promise<boolean>;
}

/** Draws until every place is filled or the rounds are used up; what `write` throws ends it. */
export async function drawInRounds<D>(work: Rounds<D>): Promise<void> {
  const open = new Set(work.places);
  const fruitful = new Set(work.fruitful);
  for (let round = 1; round <= work.rounds && open.size > 0; round++) {
    const lowered = round > 1 && !fruitful.has(round - 1);
    const items = [...open].flatMap((place) => numbersOf(round).map((number) => ({ place, number })));
    const written: { readonly draft: D | null }[] = []; // by item; null: its place was filled before it was started
    let next = 0;
    let deciding = Promise.resolve();
    const decideInOrder = async () => {
      for (let one = written[next]; one !== undefined; one = written[++next]) {
        const place = items[next]?.place;
        if (place === undefined || one.draft === null || !open.has(place)) continue;
        if (!(await work.decide(place, one.draft, round))) continue;
        open.delete(place);
        fruitful.add(round);
      }
    };
    await mapConcurrent(items.entries(), work.width, async ([at, { place, number }]) => {
      written[at] = { draft: open.has(place) ? await work.write(place, number, lowered) : null };
      deciding = deciding.then(decideInOrder);
      await deciding;
    });
  }
}

/** Numbers of a place's drafts in a round: 1, then 2 and 3, then 4 and 5 … */
function numbersOf(round: number): readonly number[] {
  return round === 1 ? [1] : [2 * round - 2, 2 * round - 1];
}
