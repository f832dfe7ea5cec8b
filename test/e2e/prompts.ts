import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Worlds of rows this project wrote: everyday, software, product bots, languages. */
const OWN = ['a1', 'a2', 'b1', 'a7'].map((world) =>
  resolve(import.meta.dirname, '..', '..', 'training-data', 'authored', `${world}.jsonl`),
);
const OWN_SAMPLE = 40;

export interface LabelledPrompt {
  readonly prompt: string;
  readonly tier: string;
}

/** The development prompts where `ROUTER_DATA_DIR` holds them, else a sample of our own rows. */
export function testPrompts(): LabelledPrompt[] {
  const shared = join(process.env.ROUTER_DATA_DIR ?? '', 'tier-dev.jsonl');
  const whole = process.env.ROUTER_DATA_DIR !== undefined && existsSync(shared);
  const files = whole ? [shared] : OWN;
  const lines = files.flatMap((file) => readFileSync(file, 'utf8').split('\n').filter(Boolean));
  const rows = lines.map((line) => JSON.parse(line) as Partial<LabelledPrompt>);
  const usable = rows.filter(
    (row): row is LabelledPrompt => row.prompt !== undefined && row.tier !== undefined,
  );
  if (whole) return usable;
  const step = Math.floor(usable.length / OWN_SAMPLE);
  return usable.filter((_, index) => index % step === 0).slice(0, OWN_SAMPLE);
}
