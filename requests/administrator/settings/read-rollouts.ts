import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'
import { parseDuration } from '../../../lib/values/parse-duration.ts'
import type { RolloutSettings } from '../../rollouts/rollout-settings.ts'
import type { SettingReader } from './setting-reader.ts'

/** Reads the settings of roll-outs, which only Secret sync has. */
export const readRollouts = (reader: Pick<SettingReader, 'optional'>): RolloutSettings => ({
  intervalMs: reader.optional('AKV_INJECTOR_ROLLOUTS_INTERVAL', parsePause) ?? 5 * minuteMs,
  concurrent: reader.optional('AKV_INJECTOR_ROLLOUTS_CONCURRENT', parseCount) ?? 5,
  minIntervalMs: reader.optional('AKV_INJECTOR_ROLLOUTS_MIN_INTERVAL', parsePause) ?? 10 * minuteMs,
  maxPerDay: reader.optional('AKV_INJECTOR_ROLLOUTS_MAX_PER_DAY', parseCount) ?? 6,
})

const minuteMs = 60_000

/** Gives milliseconds. */
function parsePause(text: string): Parsed<number> {
  const parsed = parseDuration(text)
  const seconds = parsed.kind === 'valid' ? parsed.value : 0
  return seconds >= 60 && seconds <= 86_400
    ? valid(seconds * 1000)
    : invalid('expected a duration from "1m" to "24h"')
}

const parseCount = (text: string): Parsed<number> =>
  /^[1-9]\d?$|^100$/.test(text) ? valid(Number(text)) : invalid('expected a number from 1 to 100')
