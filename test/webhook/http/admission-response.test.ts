import t from 'tap'
import { annotationPath, plainProblem } from '../../../lib/problems/problem.ts'
import { denied, skipped } from '../../../webhook/core/model/outcome.ts'
import { admissionResponse, failureResponse } from '../../../webhook/http/admission-response.ts'

const uid = '"\u2028\n1'
const responseOf = (text: string) => {
  const { response, ...rest } = JSON.parse(text)
  t.strictSame(rest, { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' })
  return response
}

t.test('a skipped pod is allowed without a patch', async (t) => {
  t.strictSame(responseOf(admissionResponse(uid, skipped('not-a-pod'))), { uid, allowed: true })
})

t.test('an injected pod is allowed with its patch and its warnings', async (t) => {
  const operations = [{ op: 'add', path: '/spec/volumes', value: [{ name: 'ä' }] }] as const
  const warnings = [plainProblem('one'), { path: ['spec'], sentence: 'is odd' }]
  const response = responseOf(admissionResponse(uid, { kind: 'injected', operations, warnings }))
  t.strictSame(Object.keys(response), ['uid', 'allowed', 'patchType', 'patch', 'warnings'])
  t.match(response, { uid, allowed: true, patchType: 'JSONPatch' })
  t.strictSame(JSON.parse(Buffer.from(response.patch, 'base64').toString()), operations)
  t.strictSame(response.warnings, ['akv-injector: one', 'akv-injector: spec: is odd'])
})

t.test('an empty patch is none: the API server refuses a type without a patch', async (t) => {
  t.strictSame(
    responseOf(admissionResponse(uid, { kind: 'injected', operations: [], warnings: [] })),
    { uid, allowed: true },
  )
})

t.test('a denial lists every problem, one a line', async (t) => {
  const response = responseOf(
    admissionResponse(
      uid,
      denied([
        {
          path: annotationPath('akv-injector.io/refresh'),
          found: '5x',
          sentence: 'expected a duration',
        },
        { path: ['spec\nakv-injector: 0 problems'], sentence: 'is odd' },
      ]),
    ),
  )
  t.strictSame(response, {
    uid,
    allowed: false,
    status: {
      code: 400,
      reason: 'BadRequest',
      message: [
        'akv-injector: 2 problems',
        'akv-injector.io/refresh "5x": expected a duration',
        'spec\\nakv-injector: 0 problems: is odd',
      ].join('\n'),
    },
  })
})

t.test(
  'a denial is bounded in number and in length, and says how many it leaves out',
  async (t) => {
    const linesOf = (count: number, sentence: string) => {
      const problems = Array.from({ length: count }, (_, i) => ({ path: [`a${i}`], sentence }))
      const { message } = responseOf(admissionResponse(uid, denied(problems))).status
      t.ok(message.length < 33 * 1024)
      return message.split('\n')
    }
    t.equal(linesOf(1, 'x')[0], 'akv-injector: 1 problem')
    t.equal(linesOf(100, 'x').length, 101)
    t.strictSame(linesOf(103, 'x').slice(100), ['a99: x', 'and 3 more'])
    t.equal(linesOf(50, 'x'.repeat(1000)).at(-1), 'and 18 more')
    t.strictSame(linesOf(1, 'x'.repeat(100_000)), ['akv-injector: 1 problem', 'and 1 more'])
  },
)

t.test('a failure is a denial with an id', async (t) => {
  const response = responseOf(failureResponse(uid, 'id-1'))
  t.match(response, { uid, allowed: false, status: { code: 500, message: /under id-1$/ } })
})
