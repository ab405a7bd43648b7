import fc from 'fast-check'
import { annotationPrefix, objectKeys } from '../../../requests/annotations/keys/own-annotations.ts'
import { podSettings } from '../../../requests/annotations/pod-settings.ts'
import type { AdmissionRequest } from '../../../webhook/core/model/admission-review.ts'
import { anyCharacter } from '../../support/any-character.ts'

/** Any pod that an API server could send, and annotations for it, from helpful to hostile. */

export const requestFor = (object: unknown): AdmissionRequest => ({
  uid: 'any',
  kind: 'Pod',
  group: '',
  operation: 'CREATE',
  subResource: '',
  namespace: 'default',
  dryRun: false,
  object,
})

const name = fc.constantFrom('app', 'worker', 'migrate', 'istio-proxy', 'linkerd-proxy', 'a', 'b')
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const record = fc.record<Record<string, unknown>>
const quantities = record({
  cpu: maybe(fc.constantFrom('250m', '0.5', '500m', '1')),
  memory: maybe(fc.constantFrom('64Mi', '1Gi', '1024Mi')),
})
const resources = record({ requests: maybe(quantities), limits: maybe(quantities) })
const securityContext = record({ runAsUser: maybe(fc.constantFrom(0, 1000, 65532)) })
const container = record({
  name,
  image: fc.constant('registry.example/app:1'),
  env: maybe(
    fc.array(record({ name: fc.constantFrom('A', 'B', 'DB'), value: fc.string() }), {
      maxLength: 3,
    }),
  ),
  volumeMounts: maybe(
    fc.array(
      record({
        name: fc.constantFrom('data', 'tmp'),
        mountPath: fc.constantFrom('/data', '/mnt', '/tmp'),
      }),
      { maxLength: 2 },
    ),
  ),
  resources: maybe(resources),
  restartPolicy: maybe(fc.constant('Always')),
  securityContext: maybe(securityContext),
  x: maybe(fc.jsonValue()),
})
const containers = (minLength: number) =>
  fc.uniqueArray(container, { minLength, maxLength: 4, selector: (item) => item['name'] })

export const anyPod = (annotations: fc.Arbitrary<Record<string, string>>) =>
  fc
    .tuple(
      annotations,
      maybe(containers(0)),
      containers(1),
      record({
        volumes: maybe(
          fc.array(record({ name: fc.constantFrom('data', 'tmp'), emptyDir: fc.constant({}) }), {
            maxLength: 2,
          }),
        ),
        securityContext: maybe(
          record({ fsGroup: maybe(fc.constant(2000)), runAsUser: maybe(fc.nat(3000)) }),
        ),
        resources: maybe(resources),
        restartPolicy: fc.constantFrom('Always', 'Never'),
        hostNetwork: fc.boolean(),
      }),
    )
    .map(([annotations, initContainers, containers, spec]) =>
      // As JSON has it: what is undefined is absent.
      JSON.parse(
        JSON.stringify({
          metadata: { name: 'web-0', labels: { app: 'web' }, annotations },
          spec: { ...spec, initContainers, containers },
        }),
      ),
    )

const prefixed = (annotations: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(annotations).flatMap(([key, value]) =>
      value === undefined ? [] : [[annotationPrefix + key, value]],
    ),
  )

export const saneAnnotations = fc
  .record({
    vault: fc.constant('team-a'),
    secrets: maybe(
      fc.constantFrom(
        'db-password',
        'a, b/c=d, team-b:e?',
        'x=y',
        'tls/web, conf/=app#*, p=app#a.b|base64',
      ),
    ),
    'template.app.conf': maybe(fc.constantFrom('x=${db-password} $${y}', '${key/k}${a#b?}', '$$$')),
    objects: maybe(
      fc.constantFrom(
        '- {objectName: o, objectType: cert}',
        'array:\n  - |\n    objectName: o\n    objectType: secret\n    objectVersionHistory: 3',
      ),
    ),
    env: fc.constantFrom('password', 'password, TOKEN=team-b:token?', 'C=c'),
    refresh: maybe(fc.constantFrom('0', '30s', '1h')),
    containers: maybe(fc.constantFrom('app', 'worker,app')),
    'stale-after': maybe(fc.constantFrom('2h', '1m')),
    metrics: maybe(fc.constantFrom('0', '9000')),
    'file-mode': maybe(fc.constantFrom('400', '0440')),
    'mount-path': maybe(fc.constantFrom('/secrets', '/etc/app')),
    position: maybe(fc.constantFrom('first', 'after:migrate')),
    'run-as': maybe(fc.constantFrom('1000', '1000:2000')),
    'agent-limits': maybe(fc.constantFrom('', 'cpu=1,memory=200Mi')),
  })
  .map(prefixed)

// Pieces of what somebody would try who wants a token sent elsewhere, a file elsewhere, or a crash.
const hostileText = fc.oneof(
  fc.string({ unit: anyCharacter, maxLength: 40 }),
  fc
    .array(
      fc.constantFrom(
        'team-a',
        'db',
        ':',
        '/',
        '@',
        '#',
        '|',
        '?',
        '=',
        ',',
        '\n',
        '..',
        '.',
        '$(X)',
        '%2e',
        '\0',
        '😀',
        'https://',
        'evil.example',
        '127.0.0.1',
        'http://',
        ':80',
        '0'.repeat(32),
        'secret/',
        '__proto__',
        '\\',
        '"',
        "'",
        'constructor',
        '{vault}',
        '\u202e',
        '\ud800',
        ' ',
        '30s',
        '0400',
        'x'.repeat(300),
      ),
      { maxLength: 8 },
    )
    .map((pieces) => pieces.join('')),
)
const hostileKey = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...objectKeys, ...Object.keys(podSettings)) },
  { weight: 1, arbitrary: hostileText },
)

export const hostileAnnotations = fc
  .tuple(
    fc.dictionary(hostileKey, hostileText, { maxKeys: 6 }),
    fc.oneof(fc.constant({}), fc.constant({ vault: 'team-a', secrets: 'db' })),
  )
  .map(([hostile, base]) => prefixed({ ...hostile, ...base }))
