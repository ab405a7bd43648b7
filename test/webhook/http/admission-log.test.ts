import type { FastifyBaseLogger } from 'fastify'
import t from 'tap'
import { injected } from '../../../webhook/core/model/outcome.ts'
import { logAdmission } from '../../../webhook/http/admission-log.ts'
import { requestOf } from '../core/csi/example.ts'

t.test(
  'the line of an injected pod names the defaults that it has, without their values',
  async (t) => {
    const lines: object[] = []
    const log = { info: (line: object) => void lines.push(line) } as unknown as FastifyBaseLogger
    const outcomes = [injected([], [], { vault: 'shop-prod', refresh: '5m' }), injected([], [])]
    for (const outcome of outcomes)
      logAdmission(log, {
        request: requestOf({}),
        classes: [],
        outcome,
        durationMs: 1,
        leftOut: {},
      })
    t.match(lines[0], { outcome: 'injected', defaults: ['vault', 'refresh'] })
    t.notOk('defaults' in (lines[1] ?? {}))
  },
)
