// Writes and recognises declines. The rule reads English, clause by clause: one clause must say that the assistant or its tools
// cannot do something, and no later clause may still serve the request ("I cannot find it, but it costs 20 USD"). Offers,
// advice and questions do not serve it. Not a judge: claims are not checked.
import type { Draws } from "../../rng.ts";
import type { ToolSpec } from "../../types.ts";
import { mainPurpose } from "./spoken.ts";

const refusals = [
  "I'm sorry, but I can't do that: none of the tools I have can",
  "I don't have a tool for this, so I can't",
  "Unfortunately my tools don't cover that. I am not able to",
  "That is outside what my tools can do: I cannot",
  "I can't help with this one, because none of my tools can",
] as const;

/** An honest decline: says what cannot be done, in one clause, since a later one may read as if it were done. */
export function refusal(needed: ToolSpec, random: Draws): string {
  return `${random.pick(refusals)} ${mainPurpose(needed)}.`;
}

/** The clause is about the assistant or its tools; elsewhere a lack is a fact ("the ticket cannot be returned"). */
const own = /\b(i|we|me|my|our|tools?|functions?|here)\b/;
/** It cannot. With the subject omitted, the words start the clause: "Unable to book that." */
const unable =
  /(^(but )?|\b(i|we|tools?|functions?|have|i am .* and) )((am|are|is|was|were|will|would|do|going to) )*(can not|could not|(not|no longer) (going to )?(be )?(able|capable|equipped|allowed|permitted|authori[sz]ed|in a position|(designed|programmed|built|made|meant|trained|configured|set up) (to|for))|(be )?unable|(have|need) to decline|must decline|no can do)\b/;
/** "I cannot wait", "I cannot recommend it enough". */
const idiom = /\bnot (wait|help but|believe|imagine|complain|go wrong|agree more|be happier)\b|\bnot .*\benough\b/;
/** Its abilities or knowledge do not extend that far. */
const short: readonly RegExp[] = [
  /\b(outside|beyond|nothing|none of|lacks?|wish (i|we) could|can not be \w+|no (way|means|access|ability|information|data))\b/,
  /\bnot (be )?(what|something|anything|among|within|part of|one of|possible|available|supported|covered|relevant|suitable|suited|applicable|appropriate)\b/,
  /\b(do|does|did) not (\w+ ){0,2}(cover|support|offer|include|provide|allow|extend|let|match|fit|handle|know how|(think|believe) (i|we|my))\b/,
  /\b(do|does|did) not (have|possess) (a|an|any|one|the|(\w+ ){0,2}(access|tools?|functions?|functionality|permissions?|capabilit\w+|abilit\w+|authority|(information|data)(?= (about|on|for|regarding|of)\b)))\b|(?<!\b(see|find|found|got) )\b(only|limited to|restricted to)\b(?! (see|find|found|got|need|want|require))/,
];
/** Impossible for anyone, or no tool exists for it; the subject does not matter. */
const impossible: readonly RegExp[] = [
  /\b(that|this|request|functionality|feature|capability|function|action)( (request|functionality|feature|function|action))? (is|will|can) not (be )?(possible|available|supported|done|completed|fulfilled|processed)\b/,
  /\b\w+ing( \w+){0,3} (is|are) not supported\b|\bout of (\w+ )?scope\b/,
  /\b(no|none of|not( \w+)? an?y?|without an?y?)\b( \w+){0,3} (tools?|functions?)\b/,
];
/** The user can help: a question in any form. */
const asks: readonly RegExp[] = [
  /\?$|\b(until|unless|before you)\b|\bwh(ich|at|en|ere) .*\byou (mean|prefer)/,
  /\bwithout (your|the|a|an|knowing) (?!tools?\b|functions?\b)/,
];
/** Does not serve the request: an offer, advice, or a continuation of the clause before. */
const offers =
  /^(but )?(if|when|please|you|i can|i could|i would|we can|perhaps|maybe|let|feel free)\b|^(for|on|at|in|to|with|as|like|which|where)\b/;
const didIt = "\\b(i|we) (have |managed to |was able to )*";
const changes = "booked|reserved|ordered|sent|cancell?ed|changed|added|paid|created|scheduled|updated";
/** Something was done, or a fact is stated. */
const serves: readonly RegExp[] = [
  new RegExp(`${didIt}(${changes}|found|got|made|took|put|set|left|have (one|it))\\b`),
  /\bhere (is|are)\b(?!.*\b((i|we|how you) (can|could|am able)|help|(the|my|all my|all the) (tools|functions)(?= (i|that i|available|at my)\b|:|$))\b)|\b(is|are|was|were|been) (now |already )?(booked|reserved|ordered|confirmed|sent|done|set|paid|changed|ready)\b/,
  /^(?!.*\b(i|my|our|tools?|functions?|can|could|may|might|would)\b)(?=.*\d).*\b(is|are|was|has|have|will|costs?|leaves?|arrives?|takes?|opens?)\b/,
  /^but (it|he|she|they|(the|your|her|his|their)( \w+){1,2}) (is|are|was|has|costs?|leaves?|arrives?|takes?|opens?)\b(?!.*\b(best|better|good|right|easy|worth)\b)/,
];

/** What was asked for is claimed to be done: a lack beside it is no refusal of the request. */
const claims = new RegExp(`${didIt}(${changes})\\b`);
/** A question for a value, by one who means to go on: not what else to do. */
const goesOn =
  /^(and |but )?(what|which|when|where|who|how (many|much|long))\b(?!.*\b(else|instead|(can|could|may|should) (i|we)|would you (like|prefer))\b).*\?$/;

/** The same as a request for a value: not for another task, and not for what the tools lack. */
const bids =
  /^(?!.*\b(else|instead|more(?! (?:details?|information)\b)|other|another|different|if|contact|call|visit|ask|tools?|functions?|access|permission|request|task|(i|we) (can|could|may))\b)(and |but )?((please|kindly|(could|can|would|will) you(?! (like|want|need|prefer)\b))\b.*\b((tell|give|send) (me|us)|(provide|share|specify|enter|supply)( me| us)?( with)? (your|the|it|that|this|which|what|more))\b|(i|we)('d| will| would)* (need|require) (to know )?(your|the|its|which|what)\b)/;

/** Whether a text says that the request cannot be served. English only. */
export function refuses(text: string): boolean {
  const clauses = clausesOf(text);
  const denial = clauses.findLastIndex(denies);
  if (denial < 0 || clauses.slice(0, denial).some((clause) => claims.test(clause))) return false;
  const after = clauses.slice(denial + 1);
  return !after.some((clause) => (shows(serves, clause) && !offers.test(clause)) || goesOn.test(clause) || bids.test(clause));
}

function denies(clause: string): boolean {
  if (shows(asks, clause) || idiom.test(clause)) return false;
  return unable.test(clause) || shows(impossible, clause) || (own.test(clause) && shows(short, clause));
}

function shows(signs: readonly RegExp[], clause: string): boolean {
  return signs.some((sign) => sign.test(clause));
}

/** Words that do not change the meaning. */
const fillers =
  /\b(unfortunately|sadly|currently|really|simply|just|actually|directly|also|even|still|yet|then|afraid|sorry|right now|at the moment)\b ?/g;

/** In lower case, without fillers, contractions written out: "can't" is "can not". */
function clausesOf(text: string): string[] {
  return text
    .toLowerCase()
    .replace(/[\u2018\u2019]/g, "'")
    .replace(/\bcan(?:no|')t\b/g, "can not")
    .replace(/\bwon't\b/g, "will not")
    .replace(/n't\b/g, " not")
    .replace(/'m\b/g, " am")
    .replace(/'re\b/g, " are")
    .replace(/'ve\b/g, " have")
    .replace(/'ll\b/g, " will")
    .replace(/\b(that|it|there|this|here)'s\b/g, "$1 is")
    .replace(fillers, "")
    .split(/(?<=[.!?;:])\s+|\n+|,?\s+(?=but\b)|,\s+|\s*\b(?:however|though|although|because|since|so)\b\s*/)
    .map((clause) => clause.trim());
}
