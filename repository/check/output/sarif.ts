import { sep } from 'node:path'
import { errorTable } from '../../../lib/errors/error-table.ts'
import { printableJson } from '../../../lib/json/printable-json.ts'
import { printable } from '../../../lib/printable.ts'
import packageJson from '../../../package.json' with { type: 'json' }
import { isRendered } from '../../input/text/rendered-source.ts'
import type { FindingCode } from '../findings/finding.ts'
import { checkCodes } from '../findings/finding-codes.ts'
import { type CheckReport, type LocatedFinding, locatedFindings } from '../findings/report.ts'
import { messageWithPosition } from './message-with-position.ts'
import { relativePath } from './relative-path.ts'

/**
 * Writes a report in the Static Analysis Results Interchange Format
 * (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html), for code scanning.
 */
export function sarifText(report: CheckReport): string {
  // GitHub's code scanning refuses a result without a file.
  const { nothing, ...others } = report
  const findings = locatedFindings(others).filter(({ severity }) => severity !== 'note')
  const codes = [...new Set(findings.map(({ code }) => code))].sort()
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: packageJson.name,
            version: packageJson.version,
            semanticVersion: packageJson.version,
            informationUri: packageJson.homepage,
            rules: codes.map(ruleOf),
            ...(nothing && { notifications: [ruleOf(nothing.code)] }),
          },
        },
        columnKind: 'utf16CodeUnits',
        invocations: [
          {
            executionSuccessful: report.exitCode !== 2,
            exitCode: report.exitCode,
            ...(nothing && { toolExecutionNotifications: [notificationOf(nothing)] }),
          },
        ],
        results: findings.map((finding) => resultOf(finding, codes)),
      },
    ],
  }
  return `${printableJson(JSON.stringify(log, null, 2))}\n`
}

function ruleOf(code: FindingCode) {
  const { means, remedy } = { ...errorTable, ...checkCodes }[code]
  return {
    id: code,
    shortDescription: { text: means },
    help: { text: remedy },
    helpUri: `${packageJson.homepage}/blob/main/docs/errors.md#${code.toLowerCase()}`,
  }
}

function resultOf(finding: LocatedFinding, codes: readonly FindingCode[]) {
  const { severity, code, title, at } = finding
  const path = relativePath(at.source)
  const location = {
    ...(path !== undefined && {
      physicalLocation: {
        artifactLocation: { uri: uriOf(path), uriBaseId: '%SRCROOT%' },
        ...(at.line !== undefined &&
          !isRendered(at.source) && {
            region: { startLine: at.line, startColumn: at.column },
          }),
      },
    }),
    ...(title !== undefined && { logicalLocations: [{ fullyQualifiedName: plain(title) }] }),
  }
  const text = messageWithPosition(finding)
  return {
    ruleId: code,
    ruleIndex: codes.indexOf(code),
    level: severity === 'problem' ? 'error' : 'warning',
    message: { text: plain(text) },
    ...(Object.keys(location).length > 0 && { locations: [location] }),
  }
}

const notificationOf = ({ code, message }: LocatedFinding) => ({
  descriptor: { id: code, index: 0 },
  level: 'warning',
  message: { text: plain(message) },
})

const uriOf = (path: string): string => path.split(sep).map(encodeURIComponent).join('/')

const plain = (text: string): string => printable(text, Number.POSITIVE_INFINITY)
