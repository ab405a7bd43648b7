import t from 'tap'
import { readAudit } from '../../release/read-audit.ts'

const report = (severity: string) =>
  JSON.stringify({
    auditReportVersion: 2,
    vulnerabilities: {
      minimist: { name: 'minimist', severity, range: '<=1.2.5', fixAvailable: true, via: [] },
    },
    metadata: { dependencies: { total: 312 } },
  })

t.test('a package with a known vulnerability is named', async (t) => {
  for (const severity of ['moderate', 'high', 'critical'])
    t.strictSame(readAudit(report(severity)), {
      kind: 'vulnerable',
      lines: [`minimist <=1.2.5: ${severity}; npm audit fix can renew it`],
    })
  for (const severity of ['info', 'low'])
    t.strictSame(readAudit(report(severity)), { kind: 'clean', packages: 312 })
})

t.test('a registry that has no audit is never taken for a clean answer', async (t) => {
  for (const [output, reason] of [
    ['{"message":"405 Method Not Allowed","statusCode":405}', '405 Method Not Allowed'],
    ['{"error":{"code":"ENOAUDIT","summary":"no audit"}}', 'no audit'],
    ['{}', 'npm printed no report'],
    ['', 'npm printed no report'],
    ['<html>', 'npm printed no report'],
  ] as const)
    t.strictSame(readAudit(output), { kind: 'unanswered', reason })
})
