// What docs/synthagent.md says of each config key: SynthAgent's paper (arXiv 2601.22511), its code (the first commit, of January
// 2026), and why ours is as it is. Ours itself is read from the preset by docs.mjs. "-": not stated.

/** @typedef {{ key: string, paper: string, code: string, why: string }} Row */

/** @type {Readonly<Record<string, readonly Row[]>>} */
export const synthAgentRows = {
  Size: [
    row("steps", "2 epochs of 15,096 tasks", "-", "their tasks twice, 128 a step; for a set of another size: --steps"),
    row("tasks.perStep", "batch 128", "64", "the paper's"),
    row("rollout.groupSize", "16 rollouts", "16", "the paper's"),
    row(
      "models.policy",
      "Qwen3-8B and Qwen3-14B, all weights",
      "the same",
      "a LoRA adapter on one machine; others by name, path or hub",
    ),
    row(
      "models.simulator",
      "Qwen3-30B-A3B-Instruct-2507 as tools, user and judge",
      "a server",
      "one file for both seats; theirs by a server: models.simulator=http://HOST:PORT/v1#MODEL",
    ),
    row(
      "models.teacher",
      "Qwen3-235B-A22B-Instruct-2507 writes and solves the tasks",
      "a server",
      "null is the simulator; theirs by a server, in the same form. It solves; the simulator writes",
    ),
    row("policy.thinking", "no thinking", "the same", "the paper's"),
    row("engine.policyContext", "-", "prompt 2,048", "their prompt, the paper's response, and 312 tokens to spare"),
    row("engine.simulatorContext", "-", "-", "a whole conversation with its tools and background; the model was trained with it"),
  ],
  "Making tasks": [
    row(
      "synth.tools",
      "written by a large model, one set of tools a task",
      "the same",
      "what a small simulator writes is of no use: other presets assemble them",
    ),
    row("synth.solutions", "4 solutions, at least 2", "the same", "the paper's; it finds no difference between 2, 3 and 4"),
    row(
      "synth.coverage",
      "dropped if too many sub-goals stay undone by all solutions together",
      "-",
      "the paper gives no number",
    ),
    row("synth.tempted", "-", "-", "ours, for assembled tasks: a restriction that nothing tempts to break teaches nothing"),
  ],
  "Drawing tasks": [
    row(
      "tasks.source",
      "tasks are made before training",
      "the same",
      "the name of the set: `playact synth synthagent --preset synthagent`",
    ),
    row(
      "tasks.gap",
      "a short request, the rest is known to the user alone",
      "the same",
      "false is the ablation without an information gap",
    ),
    row("tasks.restricted", "one restriction a task", "the same", "false is the ablation without restrictions"),
    row(
      "tasks.decline",
      "every task can be done",
      "the same",
      "in other presets a task may have a twin without the tools that it needs",
    ),
    row(
      "tasks.twins",
      "tasks are drawn one by one",
      "the same",
      "in other presets a task stands beside its twin, which tells all or has no tool",
    ),
    row("tasks.parallel", "-", "-", "of tasks that a run writes; no effect on a set"),
    row("tasks.hard", "-", "-", "of tasks that a run writes; no effect on a set"),
    row("tasks.novelty", "-", "-", "of tasks that a run writes; no effect on a set"),
    row("curriculum.start", "no curriculum", "the same", "the level decides limits and system prompt alone; it never moves"),
    row("curriculum.step", "no curriculum", "the same", "a set has no level that could move"),
    row(
      "warmup.when",
      "no supervised stage",
      "the same",
      "the base keeps the format; small policies warm up on the set's solutions",
    ),
    row("evaluation.tasks", "public benchmarks", "the same", "above 0, personas are held out for it"),
    row("evaluation.decisions", "public benchmarks", "the same", "the last checkpoint is the result"),
  ],
  Episode: [
    row("simulator.user", "a model that tells a small part of its background at a time", "the same", "the paper's"),
    row("simulator.tools", "a model", "the same", "assembled tools are executed by rule in the preset `laptop-synth`"),
    row(
      "simulator.memory",
      "per task, shared by its rollouts and solutions, at most 100 entries; the model decides what is alike",
      "it knows no state",
      "alike is decided by rule: the same call after the same changing calls",
    ),
    row("rollout.ends", "the policy's final answer, in tags; other text goes to the user", "the same", "the paper's"),
    row("rollout.parallelCalls", "one call a turn", "the same", "the paper's"),
    row(
      "difficulty.minTurns",
      "16 turns",
      "10",
      "16 turns of the policy, 8 replies of the user; a task that needs more turns gets them",
    ),
    row("difficulty.maxToolTurns", "16 turns", "10", "all but the answer may be calls"),
    row("rollout.responseTokens", "13,000", "8,192", "the paper's"),
    row("rollout.tokensPerTurn", "-", "-", "no turn of these tasks is longer"),
    row("rollout.toolChars", "-", "4,096", "theirs"),
    row("rollout.temperature", "-", "-", "the policy is sampled as it is"),
    row("rollout.guide", "no solution joins a group", "the same", "the paper's"),
    row("rollout.stopAgreed", "groups are whole", "the same", "the paper's"),
    row("rollout.deadlineSeconds", "-", "-", "as in the preset `trustee`"),
    row("rollout.turnSeconds", "-", "-", "as in the preset `trustee`"),
  ],
  Reward: [
    row(
      "reward.verdict",
      "a rubric of three sections: what is forbidden, sub-goals, what must be asked",
      "the same",
      "the paper's",
    ),
    row(
      "reward.items",
      "a judge reads the episode",
      "temperature 0.1",
      "with a small simulator rules are better: other presets decide by rule what rules can tell",
    ),
    row("reward.weights.subGoals", "mean of the two shares", "0.7", "the paper's"),
    row("reward.weights.questions", "mean of the two shares", "0.3", "the paper's"),
    row("reward.gate", "0 after anything forbidden", "0 after more than half of it", "the paper's; `half` is their code's"),
    row(
      "reward.leastGoals",
      "-",
      "0 under 0.3 of the sub-goals",
      "the paper's: who asks and does nothing earns 0.5; `laptop-synth` takes their code's 0.3",
    ),
    row("advantage.negative", "GRPO", "the same", "the paper's; 0, as in other presets, leaves out what is worse than its group"),
  ],
  Update: [
    row("learner.tasksPerMinibatch", "mini-batch 16", "-", "16 tasks with their 16 rollouts"),
    row("learner.lossType", "clipped, dual clip", "the same", "the paper's"),
    row("learner.clipLow", "0.2", "0.2", "the paper's"),
    row("learner.clipHigh", "0.28", "0.28", "the paper's"),
    row("learner.dualClip", "10", "10", "the paper's"),
    row("learner.klCoef", "KL 0, entropy 0", "the same", "the paper's"),
    row("learner.normalize", "-", "verl's mean over tokens", "theirs"),
    row("learner.learningRate", "1e-6", "1e-6", "theirs is for all weights: an adapter would hardly move (trustee.md)"),
    row("learner.schedule", "constant", "the same", "the paper's"),
    row("learner.betas", "-", "AdamW's own", "theirs"),
  ],
};

/**
 * @param {string} key
 * @param {string} paper
 * @param {string} code
 * @param {string} why
 * @returns {Row}
 */
function row(key, paper, code, why) {
  return { key, paper, code, why };
}
