// The clips whose answers are kept as digests: copied and encoded video, both containers, several audio tracks.
import { fileURLToPath } from 'node:url';
import type { ClipName } from '../clips/catalogue.ts';
import type { RecordedAnswers } from './recorded-answers.ts';

export const GOLDEN_CLIPS: readonly ClipName[] = ['mp4-faststart', 'mkv-two-audio', 'ts', 'rotated', 'audio-m4a'];

export const GOLDEN_PAGE = fileURLToPath(new URL('../../black-box/golden/answers.json', import.meta.url));

/** By clip: the digest of the clip itself, and of all answers about it. */
export type GoldenAnswers = Record<string, { clip: string; answers: RecordedAnswers }>;
