import t from 'tap'
import { answerFields, otherWord } from '../../../prove/answers/answer-words.ts'
import { answersText } from '../../../prove/report/answers-text.ts'
import { makeProofReport } from '../../../prove/report/report.ts'
import { lineText, reportMarkdown } from '../../../prove/report/report-text.ts'
import { allScenarios } from '../../../prove/scenarios/all-scenarios.ts'
import { scenarioIds } from '../../../prove/scenarios/scenario.ts'
import { proofFacts } from '../support/proof-facts.ts'

const scenarios = allScenarios(proofFacts)

/** Everything that must not be in a report, also inside of what looks right. */
const secrets = [
  '11111111-1111-1111-1111-111111111111',
  '/subscriptions/00000000-0000-0000-0000-0000000000aa/resourceGroups/shop',
  'https://shop-kv.vault.azure.net/secrets/a',
  'shop-kv.vault.azure.net',
  'https://westeurope.oic.prod-aks.azure.com/x/y/',
  '10.0.0.1',
  '10.224.0.4',
  'correct horse battery staple',
  'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.',
  'AKV_FORBIDDEN at shop-kv',
  'v1.36.3-shop.internal',
  '1.36.3-shop',
  'passed shop',
]

const everyField = (text: unknown) =>
  Object.fromEntries(answerFields.map((field) => [field, [text, text]]))
const allOther = Object.fromEntries(answerFields.map((field) => [field, [otherWord]]))

t.test('a report can’t hold anything but listed words, counts and versions', (t) => {
  const found: string[] = []
  for (const secret of [
    ...secrets,
    [secrets[0]],
    { [`${secrets[0]}`]: secrets[1] },
    4_294_967_295,
    -1,
    0.5,
  ]) {
    const report = makeProofReport({
      azure: secret,
      cluster: secret,
      end: secret,
      versions: {
        ...{ akvInjector: secret, kubernetes: secret, chart: secret, upgradeFrom: secret },
        [String(secret)]: secret,
      },
      nodes: secret,
      missing: secret,
      scenarios: [
        { id: secret, result: 'passed', expected: 'delivered', seen: 'delivered' },
        { id: 'init', result: secret },
        {
          id: 'init',
          result: 'failed',
          expected: secret,
          seen: secret,
          step: secret,
          seconds: secret,
          why: secret,
        },
        { id: 'types', result: 'passed', [String(secret)]: secret },
      ],
      answers: [
        { request: secret, seen: { status: ['200'] }, emulator: {} },
        { request: 'key', seen: [secret], emulator: {} },
        {
          request: 'secret',
          seen: { ...everyField(secret), [String(secret)]: [secret] },
          emulator: everyField(secret),
          why: secret,
        },
      ],
      left: [secret, 'namespace'],
    })
    t.strictSame(report, {
      form: 1,
      azure: 'emulated',
      cluster: 'other',
      end: 'interrupted',
      versions: {},
      scenarios: [
        { id: 'init', result: 'failed' },
        { id: 'types', result: 'passed' },
      ],
      answers: [{ request: 'secret', seen: allOther, emulator: allOther }],
      left: [{ kind: 'namespace', count: 1 }],
    })
    const text = [
      JSON.stringify(report),
      reportMarkdown(report, scenarios),
      ...report.scenarios.map(lineText),
      ...answersText(report.answers ?? []),
    ].join('\n')
    found.push(...secrets.filter((one) => text.includes(one)))
  }
  t.strictSame(found, [])
  t.end()
})

t.test('what a report may hold is in both forms', (t) => {
  const report = makeProofReport({
    azure: 'emulated',
    cluster: 'other',
    end: 'finished',
    versions: { akvInjector: '0.1.0', kubernetes: '1.36.3' },
    nodes: 3,
    scenarios: [
      {
        id: 'init',
        result: 'passed',
        expected: 'delivered',
        seen: 'delivered',
        step: 2,
        seconds: 4,
      },
      {
        id: 'wrong-role',
        result: 'failed',
        expected: 'AKV_FORBIDDEN',
        seen: 'no-code',
        step: 2,
        seconds: 120,
      },
      { id: 'fast-start', result: 'skipped' },
    ],
    answers: [
      {
        request: 'disabled',
        seen: { status: ['403'], code: ['Forbidden'], 'inner-code': ['SecretDisabled'] },
        emulator: { 'inner-code': [] },
      },
    ],
    left: [],
  })
  t.strictSame(report.versions, { akvInjector: '0.1.0', kubernetes: '1.36.3' })
  t.match(report.scenarios[1], { seen: 'no-code', seconds: 120 })
  const text = reportMarkdown(report, scenarios)
  t.match(text, '- scenarios: 1 passed, 1 failed, 1 skipped')
  t.match(text, '- left behind: nothing')
  t.match(text, 'Azure was emulated')
  t.match(text, /^\| wrong-role \| .* \| failed \| AKV_FORBIDDEN \| no-code \| 2 \| 120 \|$/m)
  t.match(text, /^\| disabled \| 403 \| Forbidden SecretDisabled \| inner-code \|$/m)
  t.match(
    text,
    '- disabled differs in inner-code: Azure has SecretDisabled, the emulator nothing more',
  )
  t.match(lineText(report.scenarios[1] as never), 'Expected AKV_FORBIDDEN, saw no-code')
  t.end()
})

t.test('a report names what could not be made, and which charts were installed', (t) => {
  const report = makeProofReport({
    ...{ azure: 'emulated', cluster: 'other', end: 'not-made', missing: 'install' },
    versions: { chart: '0.2.0', upgradeFrom: '0.1.0' },
    ...{ nodes: undefined, scenarios: [], left: [] },
  })
  t.match(report, { missing: 'install', versions: { chart: '0.2.0', upgradeFrom: '0.1.0' } })
  const text = reportMarkdown(report, scenarios)
  t.match(text, '- end: not-made, because it could not make: install')
  t.match(text, '- chart that the run installed: 0.2.0\n- chart that it upgraded: 0.1.0\n')
  t.end()
})

t.test('each ID has one scenario', (t) => {
  t.strictSame(
    scenarios.map(({ id }) => id),
    scenarioIds,
  )
  t.end()
})
