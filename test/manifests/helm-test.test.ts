import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { issueTestAuthority } from '../support/issue-test-authority.ts'
import { startHttpsServer } from '../support/servers/start-https-server.ts'

const chart = join(import.meta.dirname, '../../manifests/chart')
const script = join(chart, 'files/helm-test.ts')
const serviceName = 'akv-injector-webhook.akv-injector.svc'
const token = 'token-of-the-test'

const authority = await issueTestAuthority()

interface ClusterAnswers {
  readonly kubelets: readonly string[]
  readonly oldestNode?: '1.33' | '1.35'
  readonly caBundle?: string
  /** `caBundle` of an entry that serves volumes of the CSI driver. Without it, there is no such entry. */
  readonly csiCaBundle?: string
  readonly response?: object
  /** What the webhook says to callers without a client certificate, if it requires one. */
  readonly refusal?: string
  /** The answer to a pod with such a volume. */
  readonly csiResponse?: object
}

/** Starts one server for the API server and the webhook, which it tells apart by name and path. Gives its port. */
async function serve(t: Test, answersOf: ClusterAnswers): Promise<string> {
  const { kubelets, caBundle, csiCaBundle, response, csiResponse, refusal } = answersOf
  async function answer(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    const body = await text(request)
    if (request.url?.startsWith('/mutate')) {
      const { servername } = request.socket as TLSSocket
      if (servername !== serviceName) {
        reply.writeHead(421).end()
        return
      }
      if (refusal) {
        reply.writeHead(403).end(refusal)
        return
      }
      const { uid, object } = JSON.parse(body).request
      const chosen = object.spec.volumes ? csiResponse : response
      reply.end(JSON.stringify({ response: { uid, ...chosen } }))
      return
    }
    if (request.headers.authorization !== `Bearer ${token}`) {
      reply.writeHead(401).end()
      return
    }
    const service = {
      name: 'akv-injector-webhook',
      namespace: 'akv-injector',
      path: '/mutate',
      port: Number(port),
    }
    const csiEntry = {
      clientConfig: { service: { ...service, path: '/mutate/csi' }, caBundle: csiCaBundle },
    }
    const answers: Readonly<Record<string, object>> = {
      '/api/v1/nodes': {
        items: kubelets.map((kubeletVersion, i) => ({
          metadata: { name: `node-${i}` },
          status: { nodeInfo: { kubeletVersion } },
        })),
      },
      '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/zz-akv-injector': {
        webhooks: [
          { clientConfig: { service, caBundle } },
          ...(csiCaBundle === undefined ? [] : [csiEntry]),
        ],
      },
      '/api/v1/namespaces/akv-injector/services/akv-injector-webhook': {
        spec: { clusterIP: '127.0.0.1' },
      },
    }
    reply.end(JSON.stringify(answers[request.url ?? '']))
  }
  const { url } = await startHttpsServer(t, answer, { authority, dnsNames: [serviceName] })
  const { port } = new URL(url)
  return port
}

/** Runs the script as its pod does, in a cluster without DNS. */
async function run(t: Test, answers: ClusterAnswers, env: Readonly<Record<string, string>> = {}) {
  const folder = t.testdir({
    'ca.crt': authority.certificatePem,
    token,
    'no-dns.cjs': `require('node:dns').lookup = (name, options, done) =>
      done(Object.assign(new Error('getaddrinfo ENOTFOUND ' + name), { code: 'ENOTFOUND' }))`,
  })
  const child = spawn(process.execPath, ['--require', join(folder, 'no-dns.cjs'), script], {
    env: {
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      KUBERNETES_SERVICE_PORT: await serve(t, answers),
      ACCOUNT_FOLDER: folder,
      OLDEST_NODE: answers.oldestNode ?? '1.35',
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      KUBELET_FAULTS: readFileSync(join(chart, 'files/kubelet-faults.json'), 'utf8'),
      ...env,
    },
  })
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  return { code, output: stdout + stderr }
}

const base64 = (pem: string) => Buffer.from(pem).toString('base64')
const well: ClusterAnswers = {
  kubelets: ['v1.35.4', 'v1.36.3+k3s1'],
  caBundle: base64(authority.certificatePem),
  response: { allowed: true, patchType: 'JSONPatch', patch: 'W10=' },
}

t.test('a healthy install passes', async (t) => {
  t.strictSame(await run(t, well), {
    code: 0,
    output:
      'ok: all 2 nodes run Kubernetes 1.35 or later\n' +
      'ok: the webhook responds correctly, over TLS that the API server trusts\n',
  })
})

t.test(
  'a denial passes, because the administrator may limit the vaults of a namespace',
  async (t) => {
    const { code } = await run(t, { ...well, response: { allowed: false } })
    t.equal(code, 0)
  },
)

t.test(
  'nodes that would ignore fileKeyRef are named, and the webhook is checked anyway',
  async (t) => {
    const { code, output } = await run(t, { ...well, kubelets: ['v1.36.3', 'v1.34.9', 'v1.9.0'] })
    t.equal(code, 1)
    t.match(output, /variables of env empty \(.*\): node-1 v1\.34\.9, node-2 v1\.9\.0$/m)
    t.match(output, 'ok: the webhook responds correctly')
  },
)

t.test('with a fast start, such nodes would start apps without their files', async (t) => {
  const { code, output } = await run(t, { ...well, kubelets: ['v1.34.9'] }, { FAST_START: 'true' })
  t.equal(code, 1)
  t.match(
    output,
    /^FAILED: nodes older than 1\.35 start apps before their files .*: node-0 v1\.34\.9$/m,
  )
})

t.test(
  'kubelets with a known fault are a warning, at the first and the last version',
  async (t) => {
    const warningsOf = async (...kubelets: readonly string[]) => {
      const { code, output } = await run(t, { ...well, kubelets, oldestNode: '1.33' })
      t.equal(code, 0, output)
      return output.split('\n').filter((line) => line.startsWith('WARNING: '))
    }
    const faulty = ['v1.33.0', 'v1.33.5-eks-1', 'v1.34.0', 'v1.34.1', 'v1.35.0+k3s1', 'v1.35.3']
    t.match(await warningsOf(...faulty, 'v1.36.3'), [
      /kubelets of node-0 v1\.33\.0 and 1 more; 1\.33\.6 fixes it \(kubernetes\/kubernetes#132826\)$/,
      /kubelets of node-2 v1\.34\.0 and 1 more; 1\.34\.2 fixes it/,
      /never started again\. .* node-4 v1\.35\.0\+k3s1 and 1 more; 1\.35\.4 fixes it .*#137146/,
    ])
    t.strictSame(await warningsOf('v1.33.6', 'v1.34.2', 'v1.35.4', 'v1.36.0', 'v1.37.1'), [])
    const many = await warningsOf(...Array(500).fill('v1.35.1'), 'v1.34.0')
    t.match(many, [/of node-500 v1\.34\.0;/, /of node-0 v1\.35\.1 and 499 more;/])
  },
)

t.test('if the webhook refuses env, only nodes older than 1.33 fail', async (t) => {
  const old = { ...well, oldestNode: '1.33' } as const
  const { code, output } = await run(t, { ...old, kubelets: ['v1.33.13', 'v1.34.9'] })
  t.match(output, 'ok: all 2 nodes run Kubernetes 1.33 or later')
  t.equal(code, 0)
  const { output: failed } = await run(t, { ...old, kubelets: ['v1.33.13', 'v1.32.1'] })
  t.match(failed, /^FAILED: nodes older than 1\.33 are not supported: node-1 v1\.32\.1$/m)
})

t.test(
  'a webhook with no certificate, with an untrusted one, or without a patch fails',
  async (t) => {
    const other = await issueTestAuthority('other')
    const cases: readonly (readonly [Partial<ClusterAnswers>, RegExp])[] = [
      [{ caBundle: '' }, /^FAILED: the webhook configuration has no caBundle yet/m],
      [{ caBundle: base64(other.certificatePem) }, /^FAILED: .*verif/m],
      [{ response: { allowed: true } }, /^FAILED: the webhook answered 200: /m],
      [{ response: { uid: 'another' } }, /^FAILED: the webhook answered 200: /m],
    ]
    for (const [answers, sentence] of cases) {
      const { code, output } = await run(t, { ...well, ...answers })
      t.equal(code, 1)
      t.match(output, sentence)
    }
  },
)

const denied = (message: string) => ({ allowed: false, status: { message } })
const serving: ClusterAnswers = {
  ...well,
  csiCaBundle: base64(authority.certificatePem),
  csiResponse: denied(
    'volume helm-test, SecretProviderClass helm-test: namespace helm-test has no such SecretProviderClass; apply it before the pod',
  ),
}

t.test('a webhook that can look up classes passes', async (t) => {
  const { code, output } = await run(t, serving)
  t.equal(code, 0)
  t.match(output, 'ok: the webhook can look up SecretProviderClasses')
})

t.test('a second entry without a caBundle, or look-ups that fail, are reported', async (t) => {
  const forbidden = 'cannot be read: the API server answered 403 to the webhook'
  const cases: readonly (readonly [Partial<ClusterAnswers>, RegExp])[] = [
    [{ csiCaBundle: '' }, /^FAILED: the webhook configuration has no caBundle yet/m],
    [
      { csiResponse: denied(forbidden) },
      /^FAILED: the webhook can't look up classes: cannot be read: .*403/m,
    ],
    [{ csiResponse: { allowed: true } }, /^FAILED: the webhook answered 200: /m],
  ]
  for (const [answers, sentence] of cases) {
    const { code, output } = await run(t, { ...serving, ...answers })
    t.equal(code, 1)
    t.match(output, sentence)
  }
})

t.test('a webhook that requires client certificates passes if it refuses the test', async (t) => {
  const env = { CLIENT_CERTIFICATES: 'true' }
  const refusal = 'found no client certificate; expected one'
  const { code, output } = await run(t, { ...serving, refusal }, env)
  t.equal(code, 0, output)
  t.match(output, 'ok: the webhook refuses callers without a client certificate')
  const cases: readonly ClusterAnswers[] = [serving, { ...serving, refusal: 'no such pod' }]
  for (const answers of cases) {
    const { code, output } = await run(t, answers, env)
    t.equal(code, 1)
    t.match(output, /^FAILED: the webhook answered a caller without a client certificate: /m)
  }
  t.equal((await run(t, { ...serving, refusal })).code, 1, 'and fails if none is required')
})
