import { exampleReview } from '../webhook/http/review.ts'
import { variedSpec } from './varied-spec.ts'

/** How pods ask for secrets, each in other words and of another length. */
const requests: readonly ((n: number) => Readonly<Record<string, string>>)[] = [
  (n) => ({ secrets: names(n, 'db-password'), env: `DB_PASSWORD=db-password-${n}` }),
  (n) => ({ secrets: `creds/api.key=api-key-${n}`, refresh: `${1 + (n % 9)}m` }),
  (n) => ({ secrets: `tls/web-${n}, cert/ca-${n}`, refresh: '1h', 'mount-path': `/run/tls-${n}` }),
  (n) => ({ env: `TOKEN=token-${n}, URL=url-${n}?`, 'file-mode': '0400' }),
  (n) => ({
    secrets: `app.json=config-${n}, key/sign-${n}`,
    timeout: '90s',
    'on-deleted': 'remove',
  }),
  (n) => ({
    secrets: `user-${n}=login#user, password-${n}=login#password`,
    [`template.app-${n}.conf`]: `user = \${user-${n}}\npassword = \${password-${n}}\n`,
    containers: 'web',
  }),
]

const names = (n: number, prefix: string) =>
  Array.from({ length: 1 + (n % 20) }, (_, i) => `${prefix}-${n + i}`).join(', ')

/**
 * Reviews of pods that differ in what they request, and in their containers, volumes, probes and sizes ({@link variedSpec}).
 * Repeating one review would flatter V8: the same shapes and branches each time are up to three times as fast.
 */
export function variedReviews(count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => JSON.stringify(variedReview(n, { size: 1 })))
}

/** The same with fewer containers and variables: 6 KB on average. */
export function smallReviews(count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => JSON.stringify(variedReview(n, { size: 0 })))
}

function variedReview(n: number, { size }: { readonly size: 0 | 1 }) {
  const request = requests[n % requests.length]?.(n) ?? {}
  const annotations = Object.fromEntries(
    Object.entries({ vault: `team-${n % 7}`, ...request }).map(([key, value]) => [
      `akv-injector.io/${key}`,
      value,
    ]),
  )
  const review = exampleReview({ uid: `uid-${n}`, annotations })
  const { object } = review.request
  const varied = { ...object, spec: { ...object.spec, ...variedSpec(object.spec, n, size) } }
  return { ...review, request: { ...review.request, object: varied } }
}
