import t from 'tap'
import { readAdmissionReview } from '../../../../webhook/core/model/admission-review.ts'

const review = (request: unknown) => ({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request,
})

t.test('the request is read with everything absent but its uid', async (t) => {
  t.strictSame(readAdmissionReview(review({ uid: 'u1' })), {
    kind: 'valid',
    value: {
      uid: 'u1',
      kind: '',
      group: '',
      operation: '',
      subResource: '',
      namespace: '',
      dryRun: false,
      object: undefined,
    },
  })
})

t.test('anything but an AdmissionReview is refused with what is expected', async (t) => {
  for (const body of [null, 0, '', [], true])
    t.match(readAdmissionReview(body), {
      problem: /expected an AdmissionReview, found a value that isn't/,
    })
  for (const body of [{}, { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1beta1' }])
    t.match(readAdmissionReview(body), {
      problem:
        /expected kind AdmissionReview of admission.k8s.io\/v1, found kind (nothing|"AdmissionReview") of /,
    })
  const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)
  for (const [kind, shown] of [
    [deep, '[…]'],
    [{ a: deep }, '{…}'],
    [7, '7'],
    [null, 'null'],
  ])
    t.match(readAdmissionReview({ kind }), { problem: `found kind ${shown} of nothing` })
  for (const request of [undefined, null, [], 'x'])
    t.match(readAdmissionReview(review(request)), { problem: /has no request/ })
  for (const uid of [undefined, 1, '', 'x'.repeat(129)])
    t.match(readAdmissionReview(review({ uid })), { problem: /request.uid must be a string/ })
})

t.test('members of the wrong type read as absent', async (t) => {
  const request = { uid: 'u', kind: 'Pod', operation: 7, namespace: {}, dryRun: 'true' }
  t.match(readAdmissionReview(review(request)), {
    value: { kind: '', operation: '', namespace: '', dryRun: false },
  })
})
