import t, { type Test } from 'tap'
import { isFuzzing } from '../../support/property-runs.ts'
import { ready, type Started, secret, start } from '../harness/external-secret-simulation.ts'

/**
 * Attacks by somebody who may write ExternalSecrets and read their status and Events, but no Secrets: each template asks a
 * question about the value "correct horse", and the way in which it fails is the answer.
 */

const minuteMs = 60_000
const alphabet = [...'abcdefghijklmnopqrstuvwxyz ']
const value = 'correct horse'
/** What one ExternalSecret may fail, and all of a namespace, before they have to wait. */
const bursts = { source: 10, namespace: 25 }
/** How many letters each way to fail is asked about. */
const letters = isFuzzing ? bursts.source : 2
/** How often somebody asks who has to wait after a burst. */
const attemptsFor = (burst: number) => (isFuzzing ? 100 : burst + 5)

/** Whether the value begins with this text, as a condition of a template. */
const beginsWith = (text: string) => `ne (trimPrefix "${text}" .password) .password`
/** Fails for each next letter in another way. A letter that is none of these renders a text. */
const questions = (known: string, wayOf: (index: number) => string) =>
  `${alphabet
    .map(
      (letter, i) => `{{ ${i === 0 ? '' : 'else '}if ${beginsWith(known + letter)} }}${wayOf(i)}`,
    )
    .join('')}{{ end }}`
const templated = (template: string, target: object = {}) =>
  secret({ target: { ...target, template: { data: { x: template } } } })

/** Changes an ExternalSecret, and returns what the attacker can see then. */
async function ask(simulation: Started, spec: object, name = 'question') {
  const { externalSecrets } = simulation
  simulation.events()
  externalSecrets.put('ExternalSecret', { name }, spec)
  await simulation.round()
  const { status, reason, message = '' } = ready(simulation, name) ?? {}
  const annotations = simulation.apiServer.accounts.annotationsOf('team-a', 'web')
  const accountStatus = annotations?.['akv-injector.io/sync-status'] ?? ''
  return {
    isReady: status === 'True',
    isWaiting: /failed too often/.test(message),
    /** Without times. Names of the attacker's own choice say nothing. */
    seen: JSON.stringify([
      status,
      reason,
      message,
      simulation.events(),
      accountStatus.replaceAll(/ since \S+/g, ''),
    ])
      .replaceAll(name, 'NAME')
      .replaceAll(/secret team-a:[\w-]+/g, 'OBJECT'),
  }
}

/** Each way to fail that a template has, for the letter with this index. */
const ways: Readonly<Record<string, (index: number) => string>> = {
  'a missing key': (i) => `{{ index . "found-${i}" }}`,
  'a member of a text': (i) => `{{ .password.member${i} }}`,
  'a member of a JSON object': (i) => `{{ (fromJson "{}").member${i} }}`,
  'text that is no JSON, and nested JSON': (i) => `{{ fromJson "${'['.repeat(i * 3)}" }}`,
  'base64, and PKCS#12': (i) => `{{ ${i % 2 ? 'b64dec' : 'pkcs12key'} .password }}`,
  PEM: (i) => `{{ filterPEM "LABEL${i}" .password }}`,
  'a computed format': (i) => `{{ printf (printf "%%%s" "${'xyzw'.charAt(i % 4)}") . }}`,
  'types that cannot be compared': (i) => `{{ eq (fromJson "${i % 2 ? '[]' : '{}'}") .password }}`,
  size: (i) =>
    `{{ replace "" "${'x'.repeat(2_000 / (i + 1))}" .password | replace "x" "${'y'.repeat(30 * (i + 1))}" }}`,
}

t.test('how a template fails tells nothing', async (t) => {
  let questionsAsked = 0
  for (const [what, wayOf] of Object.entries(ways)) {
    const simulation = await start(t)
    const seen = new Set<string>()
    let known = ''
    for (const letter of value.slice(0, letters)) {
      // So that the limits of tries and of Events decide nothing.
      simulation.pass(60 * minuteMs)
      // Back to a good template, so that each failure is news.
      await ask(simulation, templated('good'))
      const answer = await ask(simulation, templated(questions(known, wayOf)))
      t.notOk(answer.isReady || answer.isWaiting, `${what}: ${answer.seen}`)
      seen.add(answer.seen)
      known += letter
      questionsAsked++
    }
    t.equal(seen.size, 1, `${what}: ${[...seen].join('\n')}`)
    t.match(
      [...seen][0],
      /AKV_SYNC_VALUES: Secret NAME: its keys can't be made of the values in the vault/,
    )
  }
  t.ok(questionsAsked >= 9 * letters, `${questionsAsked} questions`)
})

t.test('other values of the Secret tell nothing either', async (t) => {
  const simulation = await start(t)
  // What the API server checks of a value.
  const type = { type: 'kubernetes.io/dockerconfigjson' }
  const docker = (text: string) =>
    secret({ target: { template: { ...type, data: { '.dockerconfigjson': text } } } })
  const good = docker('{"auths":{}}')
  const inputs = { data: [] }
  const specs: readonly object[] = [
    docker('{{ .password.x }}'),
    docker('{{ .password }}'),
    secret({ dataFrom: [{ extract: { key: 'db' } }], target: { template: type }, ...inputs }),
    secret({
      data: [
        {
          secretKey: '.dockerconfigjson',
          remoteRef: { key: 'db-password', decodingStrategy: 'Base64' },
        },
      ],
      target: { template: type },
    }),
  ]
  const seen = new Set<string>()
  for (const spec of specs) {
    simulation.pass(60 * minuteMs)
    await ask(simulation, good)
    const answer = await ask(simulation, spec)
    t.notOk(answer.isReady)
    seen.add(answer.seen)
  }
  t.equal(seen.size, 1, [...seen].join('\n'))
})

t.test('a template can’t reveal a property of a value by the time that it takes', async (t) => {
  const simulation = await start(t)
  const seen = new Set<string>()
  const paths = ['x', 'url.x', 'url.0', 'url.x.y.z', '0']
  for (const property of paths)
    for (const key of ['db', 'db-password']) {
      simulation.pass(60 * minuteMs)
      await ask(simulation, secret())
      const data = [{ secretKey: 'password', remoteRef: { key, property } }]
      const answer = await ask(simulation, secret({ data }))
      t.notOk(answer.isReady)
      // The status has the version of the value that stays, whatever is asked for.
      seen.add(answer.seen.replaceAll(new RegExp(`team-a:${key}(?![\\w-]*@)`, 'g'), 'team-a:KEY'))
    }
  t.equal(seen.size, 1, [...seen].join('\n'))
})

/** Asks again and again whether the value begins with a text, and counts the answers. */
async function countFailures(
  simulation: Started,
  {
    count,
    nameOf,
    before,
  }: {
    readonly count: number
    readonly nameOf: (i: number) => string
    readonly before?: (i: number) => void
  },
) {
  let failures = 0
  let waits = 0
  for (let i = 0; i < count; i++) {
    before?.(i)
    // Each template is another one, and all of them fail.
    const template = `{{ if ${beginsWith(value.slice(0, i % 13))} }}{{ else }}{{ end }}{{ index . "no-${i}" | trim }}{{ "${i}" }}`
    const answer = await ask(
      simulation,
      templated(`{{ if .password }}${template}{{ end }}`),
      nameOf(i),
    )
    if (answer.isWaiting) waits++
    else if (!answer.isReady) failures++
  }
  t.equal(failures + waits, count, 'each of them failed or had to wait')
  return failures
}

t.test('an ExternalSecret that keeps failing has to wait, however it changes', async (t) => {
  const simulation = await start(t)
  const remove = (i: number) => {
    // Deleted and created again.
    if (i % 2) simulation.externalSecrets.delete('ExternalSecret', 'question')
  }
  const first = await countFailures(simulation, {
    count: attemptsFor(bursts.source),
    nameOf: () => 'question',
    before: remove,
  })
  t.equal(first, bursts.source)
  simulation.pass(60 * minuteMs)
  const inAnHour = await countFailures(simulation, {
    count: attemptsFor(bursts.source),
    nameOf: () => 'question',
    before: remove,
  })
  t.equal(inAnHour, 6)
})

t.test('all Secrets of a namespace share the limit, whatever their names are', async (t) => {
  const simulation = await start(t)
  const names = (i: number) => `db-${i}`
  const count = attemptsFor(bursts.namespace)
  const before = (i: number) => simulation.externalSecrets.delete('ExternalSecret', names(i - 1))
  const first = await countFailures(simulation, { count, nameOf: names, before })
  t.equal(first, bursts.namespace)
  // The last of them was waiting for its try.
  before(count)
  simulation.pass(60 * minuteMs)
  const next = await countFailures(simulation, { count, nameOf: (i) => `again-${i}` })
  t.equal(next, 12)
})

t.test('Secrets that were made before are refreshed meanwhile', async (t: Test) => {
  const simulation = await start(t)
  await ask(simulation, templated('{{ .password }}!'), 'honest')
  await countFailures(simulation, { count: 30, nameOf: (i) => `db-${i}` })
  simulation.azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new' })
  simulation.pass(61 * minuteMs)
  await countFailures(simulation, { count: 15, nameOf: (i) => `more-${i}` })
  t.strictSame(simulation.values('honest'), { x: 'new!' })
})

t.test('a failure that nothing has changed costs one try', async (t) => {
  const simulation = await start(t)
  const failing = templated('{{ fromJson .password }}')
  await ask(simulation, failing)
  for (let i = 0; i < attemptsFor(bursts.source); i++) {
    simulation.pass(minuteMs / 60)
    await simulation.round()
  }
  t.match(ready(simulation, 'question')?.message, /its keys can't be made/)
  // Both the value and the template may change, and are tried at once.
  simulation.azure.rotate({ vault: 'team-a', name: 'db-password', value: '{}' })
  simulation.pass(61 * minuteMs)
  await simulation.round()
  t.equal(ready(simulation, 'question')?.status, 'True')
})

t.test('administrators find the reason in the log at level debug', async (t) => {
  const simulation = await start(t)
  await ask(simulation, templated('{{ .password.member }}'))
  const details = simulation.log.lines.filter(({ level, code }) => level === 'debug' && code)
  t.match(details, [
    {
      message: 'Secret question: template data.x: a string has no member "member"',
      code: 'AKV_SYNC_VALUES',
    },
  ])
  t.notMatch(JSON.stringify(simulation.log.lines), value)
})
