/** Kinds of values that several sections use. */
import { z } from 'zod';
import { TIERS } from '../../core/tier.ts';

export const tier = z.enum(TIERS);
export const id = z.string().min(1).max(200);
export const milliseconds = z.int().min(1).max(3_600_000);
export const usdPerMillion = z.number().min(0).max(10_000);
