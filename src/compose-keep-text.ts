import { createTokenKeeper } from './classifiers/token-text.ts';
import { bundlePath } from './compose-classifiers.ts';
import type { Config } from './config/load.ts';
import type { Logger } from './core/ports.ts';
import { redact } from './routing/redact.ts';

/** What is kept of a text. Where ids are wanted and no tokenizer loads nothing is kept, rather than the words. */
export function composeKeepText(config: Config, logger: Logger): (text: string) => string {
  switch (config.store.text) {
    case 'full':
      return (text) => text;
    case 'redacted':
      return redact;
    case 'none':
      return () => '';
    case 'features':
      try {
        const ids = createTokenKeeper(bundlePath(config.classifier.bundle));
        return (text) => ids(redact(text));
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        logger.error(
          { reason },
          'store.text is `features` and no tokenizer loads: NO TEXT IS KEPT until a restart',
        );
        return () => '';
      }
  }
}
