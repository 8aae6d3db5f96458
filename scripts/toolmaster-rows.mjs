// What the preset `toolmaster` sets, row by row: what ToolMaster's paper says (arXiv 2601.12762), and why. scripts/docs.mjs adds the
// value that the preset resolves to and writes the tables of docs/toolmaster.md; test/config/toolmaster.test.ts holds them to the
// preset. The paper was read in its abstract, its README and overviews: "*not known*" is what none of them states, "-"
// what it has nothing of.

/** @typedef {{ key: string, paper: string, why: string }} Row */

const unknown = "*not known*";

/** @type {Readonly<Record<string, readonly Row[]>>} by part of the page */
export const toolMasterRows = {
  Size: [
    row("models.policy", "Qwen2.5-7B-Instruct", "the same, as a LoRA adapter on one machine"),
    row(
      "models.simulator",
      "none: the StableToolBench server answers",
      "a world on one machine needs a model; the same file in both seats. Others by name, path or server",
    ),
    row(
      "models.teacher",
      "DeepSeek-V3.1",
      "null is the simulator; theirs by a server: models.teacher=http://HOST:PORT/v1#deepseek-v3.1",
    ),
    row("steps", unknown, "ours, as in the preset `gpu-24gb`"),
    row("tasks.perStep", unknown, "ours, as in the preset `trustee`"),
    row("rollout.groupSize", unknown, "ours, as in the preset `trustee`"),
    row("engine.policyContext", unknown, "ours: a prompt of 2,048 tokens beside the response"),
    row("engine.simulatorContext", unknown, "ours: a whole episode and its tools"),
  ],
  Tasks: [
    row(
      "tasks.tools",
      "tools of StableToolBench; ToolHop and TMDB unseen",
      "null is the embedded catalogue; --tools reads yours",
    ),
    row(
      "tasks.drift",
      "-",
      "pages are true: unfamiliar are the tools that were never trained on; `laptop-trial` changes pages too",
    ),
    row("tasks.twins", unknown, "in other presets a task stands beside its twin, which tells all or has no tool"),
  ],
  Trials: [
    row("trial.phase", "a trial part, then an execution part, in one trajectory", "false is the ablation without trials"),
    row("trial.turns", unknown, "ours: two tools, and once more each"),
    row(
      "trial.notes",
      "what was observed is experience that the execution builds on",
      "how it is written down is ours: `Notes:`, a line a tool; false is an ablation",
    ),
    row(
      "trial.world",
      "the live environment of the execution",
      "the same: what a trial changes stays changed; other presets try in a copy",
    ),
    row("trial.price", unknown, "whether trials cost anything is not known: nothing here; other presets take 0.02 a trial"),
  ],
  "Stage 1": [
    row("warmup.when", "supervised fine-tuning comes first", "the same"),
    row(
      "warmup.from",
      "trajectories of the teacher, asked to try explicitly and to correct itself",
      "the same in the trial part, in the simulated world; a wrong call of the execution is not corrected, and not learnt",
    ),
    row("warmup.tries", unknown, "ours: of the approved tries the one with the fewest trials is kept"),
    row("warmup.demonstrations", unknown, "ours, the default"),
    row("warmup.declineShare", unknown, "ours, the default: other presets were measured with it"),
    row("warmup.learningRate", unknown, "ours, for an adapter of 7B, as in the preset `gpu-24gb`"),
  ],
  "Stage 2": [
    row(
      "simulator.user",
      "the query is known while trying; nobody to ask is named",
      "written: a 7B can play a user; other presets choose by rule what is said",
    ),
    row("simulator.tools", "the StableToolBench server", "written: a model answers under the tools' schemas"),
    row("simulator.memory", unknown, "ours: what a trial saw must hold on; alike is decided by rule, state included"),
    row("rollout.temperature", unknown, "ours: the policy is sampled as it is"),
    row("rollout.tokensPerTurn", unknown, "ours: notes, plan and calls stand in one turn"),
    row("rollout.responseTokens", unknown, "ours: the context without the prompt"),
    row("rollout.toolChars", unknown, "ours, as in the preset `gpu-80gb`"),
    row("rollout.guide", "GRPO over both parts", "groups have their samples and nothing else"),
    row("rollout.stopAgreed", "GRPO", "groups are whole"),
    row(
      "reward.verdict",
      "one outcome over both parts; its formula is *not known*",
      "a verifier's verdict on the execution; rules in `laptop-trial`",
    ),
    row("advantage.negative", "GRPO", "0, as in other presets, leaves out what is worse than its group"),
    row("learner.lossType", "GRPO", "the same"),
    row("learner.learningRate", unknown, "ours, for an adapter (trustee.md)"),
    row("learner.schedule", unknown, "ours, as in the preset `trustee`"),
    row("learner.betas", unknown, "AdamW's own"),
    row("learner.tasksPerMinibatch", unknown, "ours, as in the preset `trustee`"),
  ],
  Evaluation: [
    row("evaluation.tasks", "StableToolBench, ToolHop and TMDB", "held-out toolsets of the world; these benchmarks are not here"),
    row("evaluation.decisions", unknown, "ours: the last checkpoint is the result"),
    row("evaluation.perCell", "-", "ours: cells of untrue pages, in the preset `laptop-trial`"),
  ],
};

/**
 * @param {string} key
 * @param {string} paper
 * @param {string} why
 * @returns {Row}
 */
function row(key, paper, why) {
  return { key, paper, why };
}
