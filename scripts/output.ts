import { fstatSync, ftruncateSync, writeSync } from 'node:fs';

/** What `npm run` prints on the script's standard output before the script starts; empty outside npm. */
function npmBanner(env: NodeJS.ProcessEnv, args: readonly string[]): string {
  const { npm_package_name: name, npm_package_version: version, npm_lifecycle_event: event } = env;
  const script = env.npm_lifecycle_script;
  if (!name || !version || !event || !script) return '';
  return `\n> ${name}@${version} ${event}\n> ${[script, ...args].join(' ')}\n\n`;
}

const STDOUT = 1;

/**
 * A writer to standard output for data that other programs read. Where `npm run … > FILE` has left nothing but npm's
 * banner in the file, the banner is taken out, so that the file holds the data alone; into a pipe npm's banner comes
 * first unless it is run with `--silent`.
 */
export function createOutput(
  env: NodeJS.ProcessEnv,
  args: readonly string[],
): (text: string) => Promise<void> {
  const banner = Buffer.byteLength(npmBanner(env, args));
  const stat = fstatSync(STDOUT);
  if (banner === 0 || !stat.isFile() || stat.size !== banner) {
    return async (text) => {
      if (!process.stdout.write(text)) await new Promise((resolve) => process.stdout.once('drain', resolve));
    };
  }
  ftruncateSync(STDOUT, 0);
  let position = 0;
  return async (text) => {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) {
      const written = writeSync(STDOUT, bytes, at, bytes.length - at, position);
      at += written;
      position += written;
    }
  };
}
