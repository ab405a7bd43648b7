import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { killedMessage } from '../../init-agent/termination-log.ts'
import { mutate } from '../../webhook/core/mutate.ts'
import { admissionResponse } from '../../webhook/http/admission-response.ts'
import { requestFor } from '../webhook/core/arbitraries.ts'
import { policy } from '../webhook/core/policy.ts'

const root = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const page = read('docs/troubleshooting.md')
/** The lines of all blocks with output. */
const output = [...page.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].flatMap(
  ([, language, block = '']) => (language === '' ? block.split('\n') : []),
)

t.test('the webhook still denies the pod with the message of the page', async (t) => {
  const start = output.findIndex((line) => line.includes('denied the request: '))
  const [, first] = /denied the request: (.*)/.exec(output[start] ?? '') ?? []
  const message = [first, ...output.slice(start + 1, start + 3)].join('\n')
  const annotations = {
    'akv-injector.io/refresh': '5 minutes',
    'akv-injector.io/secret': 'db-password',
    'akv-injector.io/vault': 'shop-kv',
  }
  const pod = { metadata: { annotations }, spec: { containers: [{ name: 'web', image: 'x' }] } }
  const response = JSON.parse(admissionResponse('uid', mutate(requestFor(pod), policy))).response
  t.equal(response.status.message, message)
})

t.test('what the agents say to do is what they say today', async (t) => {
  const errors = read('docs/errors.md').replaceAll('\\', '')
  const remedies = output.flatMap((line) => {
    const logged = line.startsWith('{') ? JSON.parse(line).remedy : undefined
    const [, shown] = / AKV_\w+: .*?\. ([A-Z].*)$/.exec(line) ?? []
    return [logged ?? shown].filter((message) => message !== undefined)
  })
  t.equal(remedies.length, 2)
  for (const remedy of remedies) t.ok(errors.includes(remedy), remedy)
})

t.test('the message of a killed agent is the one of the page', async (t) => {
  t.ok(output.some((line) => line.endsWith(`Message:      ${killedMessage}`)))
})

t.test('agents still log the messages of the page', async (t) => {
  const refresh = read('init-agent/fetch/refresh.ts') + read('init-agent/fetch/report-freshness.ts')
  const messages = output
    .filter((line) => line.startsWith('{') && !line.includes('remedy'))
    .map((line) => JSON.parse(line).message)
  t.ok(messages.length >= 3)
  for (const message of messages) t.ok(refresh.includes(message), message)
})

t.test('the policy still warns with the words of the page', async (t) => {
  const [warning = ''] = output.filter((line) => line.startsWith('Warning: Validation failed'))
  const [, sentence = ''] = /'akv-injector-uninjected-pods': (.*?)\. It or/.exec(warning) ?? []
  t.match(read('manifests/install.yaml').replaceAll(/\s+/g, ' '), sentence)
})
