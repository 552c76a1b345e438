/** What a run says of itself, read out of its config and the outputs of its stages. */

import type { Schemas } from "@/api/client";

export type Run = Schemas["RunRead"];
export type Stage = Schemas["StageRead"];

/** How a run went on one account, as its publish stage tells. */
export type AccountResult = {
  account: string;
  account_id: string;
  publication_id: string | null;
  outcome: Schemas["Outcome"];
  url: string | null;
  reason: string;
  fix: string;
  due_at: string | null;
};

export const isActive = (run: Run): boolean => run.state === "queued" || run.state === "running";

export function titleOf(run: Run): string {
  const first = run.config.prompts?.[0] ?? run.config.clips?.[0] ?? run.id;
  return run.config.clips?.length ? (first.split("/").at(-1) ?? first) : first;
}

export const stageOf = (run: Run, name: Schemas["Stage"]): Stage | undefined =>
  run.stages.find((stage) => stage.name === name);

/** The stage that runs, or where the run stands: the first that is not done, or the last. */
export function currentStage(run: Run): Stage | undefined {
  return (
    run.stages.find((stage) => stage.state === "running" || stage.state === "failed") ??
    run.stages.find((stage) => stage.state === "pending") ??
    run.stages.at(-1)
  );
}

export const partsOf = (run: Run): string[] => strings(stageOf(run, "generate")?.outputs.asset_ids);

export function masterOf(run: Run): string | null {
  const asset = stageOf(run, "stitch")?.outputs.asset_id;
  return typeof asset === "string" ? asset : null;
}

export function resultsOf(run: Run): AccountResult[] {
  const accounts = stageOf(run, "publish")?.outputs.accounts;
  return Array.isArray(accounts) ? (accounts as AccountResult[]) : [];
}

/** The share of a whole run that is done, from 0 to 1, each stage counting alike. */
export const shareOf = (run: Run): number =>
  run.stages.reduce((sum, stage) => sum + (stage.state === "completed" ? 1 : stage.progress), 0) /
  Math.max(1, run.stages.length);

const strings = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
