import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import reportSchema from '../../../cli/check/output/check-report.schema.json' with { type: 'json' }
import packageJson from '../../../package.json' with { type: 'json' }
import { checkCodes } from '../../../repository/check/findings/finding-codes.ts'
import { podText, root } from '../../support/run-command-line.ts'
import { runInProcess } from '../../support/run-in-process.ts'
import { seedManifests } from '../../support/seed-manifests.ts'

const check = (form: string, args: readonly string[], input = '') =>
  runInProcess(['check', '--output', form, ...args], { input })

const good = podText({ vault: 'team-a', secrets: 'x' })
const evil = `%0A::error::x\n::warning::y\r##[error]z,a:b\u001b[2J\u202e`
const hostile = podText({ vault: evil, [evil]: 'x', refresh: evil })

/** The schema without room for members that it doesn't describe. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const members = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, closed(value)]),
  )
  return 'properties' in members ? { ...members, additionalProperties: false } : members
}

const isReport = new Ajv2020({ strict: false, allErrors: true }).compile(
  closed(reportSchema) as object,
)

const sarifSchema = JSON.parse(
  readFileSync(
    createRequire(import.meta.url).resolve(
      '@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json',
    ),
    'utf8',
  ),
)
// The schema is of draft 4, in which the keyword was called "id".
delete sarifSchema.$schema
delete sarifSchema.id
const isSarif = new Ajv({
  strict: false,
  allErrors: true,
  validateFormats: false,
  // The schema has a pattern that isn't valid with the flag "u".
  unicodeRegExp: false,
}).compile(sarifSchema)

t.test('JSON and SARIF of every kind of result follow their schemas', async (t) => {
  const folder = t.testdir({
    'good.yaml': good,
    'broken.yaml': 'a: [',
    '.hidden.yaml': '',
    'other.yaml': 'apiVersion: example.org/v1\nkind: A\n---\nkind: Service\n',
    'hostile file.yaml': hostile,
  })
  const inputs: (readonly [readonly string[], string])[] = [
    [['-'], good],
    [['-'], ''],
    [['-', '--quiet'], good],
    [['-'], 'kind: Service\n'],
    [['-', '--strict'], hostile],
    [[folder, 'none.yaml', '-'], hostile],
    [['manifests/examples'], ''],
    [['-'], seedManifests.map(({ text }) => text).join('\n---\n')],
  ]
  for (const [args, input] of inputs) {
    const json = await check('json', args, input)
    const report = JSON.parse(json.stdout)
    t.ok(isReport(report), JSON.stringify(isReport.errors?.slice(0, 3)))
    t.equal(report.exitCode, json.code)
    const sarif = await check('sarif', args, input)
    t.ok(isSarif(JSON.parse(sarif.stdout)), JSON.stringify(isSarif.errors?.slice(0, 3)))
    t.equal(sarif.code, json.code)
    t.notMatch(json.stdout + sarif.stdout, /[^\P{C}\n]/u)
  }
})

t.test('JSON has every object and finding with its position', async (t) => {
  const input = `kind: Pod\nmetadata:\n  name: web\n  namespace: shop\n  annotations:\n    akv-injector.io/refresh: 5\nspec: { containers: [{ name: a }] }\n`
  const { stdout, code } = await check('json', ['-', 'none.yaml'], input)
  t.match(JSON.parse(stdout), {
    version: 1,
    tool: { name: 'akv-injector', version: packageJson.version },
    exitCode: 2,
    sums: { files: 1, pods: 1, problems: 3, warnings: 0, notLookedAt: 0 },
    objects: [
      { object: 'Pod/web', namespace: 'shop', file: '-', line: 1, column: 1, outcome: 'denied' },
    ],
    findings: [
      { severity: 'problem', code: 'AKV_CHECK_FILE', message: 'no such file', file: 'none.yaml' },
      {
        code: 'AKV_CHECK_DENIED',
        message: 'akv-injector.io/refresh "5": must be a string; quote the value',
        object: 'Pod/web',
        file: '-',
        line: 6,
        column: 5,
      },
    ],
  })
  t.equal(code, 2)
  const served = await check('json', ['manifests/examples/csi-volume.yaml'])
  const { commands } = JSON.parse(served.stdout)
  t.match(commands, /kubectl label namespace default/)
  for (const command of commands) t.notMatch(command, /^\s|^to do/)
})

/** What GitHub's runner reads: each line that begins with `::` is a command. */
function commandsIn(output: string) {
  const decode = (text: string) =>
    text
      .replaceAll('%0D', '\r')
      .replaceAll('%0A', '\n')
      .replaceAll('%3A', ':')
      .replaceAll('%2C', ',')
      .replaceAll('%25', '%')
  return output
    .trimEnd()
    .split(/\r\n|\r|\n/)
    .slice(0, -1)
    .map((line) => {
      const [, command, properties = '', message = ''] = /^::(\w+) (.*?)::(.*)$/.exec(line) ?? []
      const pairs = properties.split(',').map((pair) => pair.split('='))
      return {
        command,
        ...Object.fromEntries(pairs.map(([key, value = '']) => [key, decode(value)])),
        message: decode(message),
      }
    })
}

t.test('problems become annotations of GitHub, at the line of their annotation', async (t) => {
  const { stdout, code } = await check('github', ['manifests/examples/csi.yaml', 'none.yaml'])
  t.equal(code, 2)
  t.match(commandsIn(stdout), [
    { command: 'error', title: 'AKV_CHECK_FILE', file: 'none.yaml', message: 'none.yaml: no such' },
    { command: 'warning', title: 'AKV_CHECK_WARNING', file: 'manifests/examples/csi.yaml' },
  ])
  const folder = t.testdir({
    'a,b:c%.yaml': podText({ vault: 'team-a', secrets: 'x', refresh: '5' }),
  })
  const file = join(folder, 'a,b:c%.yaml')
  t.match(commandsIn((await check('github', [file])).stdout), [
    { command: 'error', file: file.slice(root.length + 1), line: '1', col: /^\d+$/ },
  ])
})

t.test('no text of a manifest can become a GitHub workflow command', async (t) => {
  const folder = t.testdir({ 'x.yaml': hostile })
  const { stdout } = await check('github', [folder, '-'], hostile)
  const commands = commandsIn(stdout)
  t.ok(commands.length >= 4)
  for (const { command, message } of commands) {
    t.match(command, /^(error|warning)$/)
    t.match(message, /^Pod\/web: /)
    t.notMatch(message, /\p{C}/u)
  }
  t.ok(commands.some(({ message }) => message.includes('%0A::error::x\\n::warning::y')))
})

t.test('SARIF names a rule, its page, and the position in the checkout', async (t) => {
  const folder = t.testdir({
    'a#b c.yaml': `\n${podText({ vault: 'team-a', secrets: 'x', refresh: '5' })}`,
  })
  const { stdout } = await check('sarif', [join(folder, 'a#b c.yaml')])
  const [run] = JSON.parse(stdout).runs
  const { rules } = run.tool.driver
  const [result] = run.results
  t.match(rules[result.ruleIndex], {
    id: 'AKV_CHECK_DENIED',
    helpUri: `${packageJson.homepage}/blob/main/docs/errors.md#akv_check_denied`,
  })
  t.match(result, {
    level: 'error',
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: /^\.tap\/.*\/a%23b%20c\.yaml$/, uriBaseId: '%SRCROOT%' },
          region: { startLine: 2 },
        },
        logicalLocations: [{ fullyQualifiedName: 'Pod/web' }],
      },
    ],
  })
})

t.test('the page of errors describes every code', async (t) => {
  const page = readFileSync(join(root, 'docs/errors.md'), 'utf8')
  for (const code of Object.keys(checkCodes)) t.match(page, `\n## ${code}\n`)
  t.match(readFileSync(join(root, 'manifests/chart/Chart.yaml'), 'utf8'), packageJson.homepage)
})

t.test('an unknown form is a usage error', async (t) => {
  t.match(await check('xml', ['-']), { code: 2, stderr: /Allowed choices are text, json, github/ })
})
