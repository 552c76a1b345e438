/** The words and colours of every closed set of states, in one place: a state looks the same on each page. */

import {
  Ban,
  CircleCheck,
  CircleDashed,
  CircleHelp,
  CirclePlay,
  CircleSlash,
  CircleX,
  Clock,
  Hand,
  Send,
} from "lucide-react";
import type { ReactNode } from "react";
import type { Schemas } from "@/api/client";
import { Badge, type Tone } from "./badge";

type Look = { word: string; tone: Tone; icon: ReactNode; says: string };
const small = { "aria-hidden": true, className: "size-3.5" } as const;

const OUTCOMES: Record<Schemas["Outcome"], Look> = {
  planned: { word: "Planned", tone: "info", icon: <Clock {...small} />, says: "Not sent yet." },
  armed: {
    word: "Sending",
    tone: "accent",
    icon: <CirclePlay {...small} />,
    says: "The one public call is going out.",
  },
  sent: {
    word: "Sent",
    tone: "accent",
    icon: <Send {...small} />,
    says: "Taken by the platform, not yet said to be public.",
  },
  confirmed: {
    word: "Public",
    tone: "good",
    icon: <CircleCheck {...small} />,
    says: "The platform says that it is public.",
  },
  rejected: { word: "Refused", tone: "bad", icon: <CircleX {...small} />, says: "Surely not public." },
  unknown: {
    word: "Unknown",
    tone: "odd",
    icon: <CircleHelp {...small} />,
    says: "It may be public. It is never sent again.",
  },
  cancelled: {
    word: "Cancelled",
    tone: "plain",
    icon: <Ban {...small} />,
    says: "Taken back before it was sent.",
  },
};

const RUNS: Record<Schemas["RunState"], Look> = {
  queued: { word: "Queued", tone: "info", icon: <Clock {...small} />, says: "Waits for a worker." },
  running: {
    word: "Running",
    tone: "accent",
    icon: <CirclePlay {...small} />,
    says: "Being worked on.",
  },
  waiting: { word: "Your turn", tone: "warn", icon: <Hand {...small} />, says: "Waits for your approval." },
  completed: { word: "Done", tone: "good", icon: <CircleCheck {...small} />, says: "All ended well." },
  partial: {
    word: "Partial",
    tone: "warn",
    icon: <CircleSlash {...small} />,
    says: "Public on some accounts only.",
  },
  failed: {
    word: "Failed",
    tone: "bad",
    icon: <CircleX {...small} />,
    says: "It stopped; it can be resumed.",
  },
  cancelled: { word: "Cancelled", tone: "plain", icon: <Ban {...small} />, says: "Stopped by a person." },
};

const STAGES: Record<Schemas["StageState"], Look> = {
  pending: { word: "To come", tone: "plain", icon: <CircleDashed {...small} />, says: "Not begun." },
  running: {
    word: "Running",
    tone: "accent",
    icon: <CirclePlay {...small} />,
    says: "Being worked on.",
  },
  completed: { word: "Done", tone: "good", icon: <CircleCheck {...small} />, says: "Done." },
  failed: { word: "Failed", tone: "bad", icon: <CircleX {...small} />, says: "It stopped here." },
  cancelled: { word: "Cancelled", tone: "plain", icon: <Ban {...small} />, says: "Stopped by a person." },
};

function StateBadge({ look }: { look: Look }) {
  return (
    <Badge tone={look.tone} icon={look.icon} title={look.says}>
      {look.word}
    </Badge>
  );
}

export const OutcomeBadge = ({ outcome }: { outcome: Schemas["Outcome"] }) => (
  <StateBadge look={OUTCOMES[outcome]} />
);
export const RunBadge = ({ state }: { state: Schemas["RunState"] }) => <StateBadge look={RUNS[state]} />;
export const StageBadge = ({ state }: { state: Schemas["StageState"] }) => (
  <StateBadge look={STAGES[state]} />
);
export const outcomeWord = (outcome: Schemas["Outcome"]): string => OUTCOMES[outcome].word;
export const outcomeTone = (outcome: Schemas["Outcome"]): Tone => OUTCOMES[outcome].tone;

export const STAGE_WORDS: Record<Schemas["Stage"], string> = {
  generate: "Generate",
  stitch: "Stitch",
  analyze: "Analyze",
  write: "Write",
  link: "Link",
  publish: "Publish",
  tweet: "Tweet",
  track: "Track",
};
