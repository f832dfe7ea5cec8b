/**
 * Learns vocabulary and word vectors from unlabelled text, the pre-trained input of the trainer.
 *
 *     npm run vectors -- --from DIR
 *
 * DIR holds `prompts-unlabelled.jsonl`, `tiers-public.jsonl` and `outcomes/`; rows held out for tests are left out.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SingleBar } from 'cli-progress';
import { Command } from 'commander';
import { type Example, isHeldOut, readExamples } from '../src/training/examples.ts';
import { readLexicon } from '../src/training/lexicon.ts';
import { pretrain } from '../src/training/pretrain.ts';

const command = new Command('pretrain')
  .description('Learn vocabulary and word vectors from unlabelled text')
  .option('--from <dir>', 'folder with the public prompts', process.env.ROUTER_DATA_DIR)
  .option('--out <dir>', 'where to write', 'training-data/pretrained')
  .option('--seed <n>', 'seed', Number, 1)
  .parse();
const { from, out, seed } = command.opts<{ from?: string; out: string; seed: number }>();

const authored = readExamples('training-data/authored', 'authored');
const shared = (file: string): Example[] =>
  from && existsSync(join(from, file)) ? readExamples(join(from, file), file) : [];
const open = shared('tiers-public.jsonl').filter(({ id }) => !isHeldOut(id));
const texts = [...shared('prompts-unlabelled.jsonl'), ...open, ...shared('outcomes'), ...authored].map(
  ({ text }) => text,
);

const bar = new SingleBar({ format: 'pretrain {bar} {percentage} %' });
bar.start(100, 0);
const { vocab, sha256 } = pretrain(
  {
    texts,
    terms: [...readLexicon('training-data/lexicon.tsv').keys()],
    words: 20_000,
    pieces: 3_000,
    leastCount: 4,
    seed,
    onProgress: (done) => bar.update(Math.round(done * 100)),
  },
  out,
);
bar.update(100);
bar.stop();
process.stdout.write(
  `${texts.length} texts, ${vocab.size} tokens, sha256 ${sha256.slice(0, 12)} -> ${out}\n`,
);
