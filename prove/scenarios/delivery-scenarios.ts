import { apply, file, look, podOf } from './parts.ts'
import type { Scenario, ScenarioFacts } from './scenario.ts'

/** What pods get when they start. */
export function deliveryScenarios(facts: ScenarioFacts): readonly Scenario[] {
  const { values } = facts
  const pod = (name: string, annotations: Readonly<Record<string, string>>) =>
    apply(podOf({ name, facts, annotations }))
  const refresh = '30s'
  return [
    {
      id: 'grants',
      sentence: 'new roles and federated credentials work within half an hour',
      requires: 'real-azure',
      waitsMs: 30 * 60_000,
      steps: [pod('grants', { secrets: 'plain' }), file('grants', 'plain', values.plain)],
    },
    {
      id: 'init',
      sentence: 'a secret is a file before the app starts',
      steps: [pod('init', { secrets: 'plain' }), file('init', 'plain', values.plain)],
    },
    everyType(facts),
    {
      id: 'properties',
      sentence: 'a property, a decoded value and a template are files',
      steps: [
        pod('properties', {
          secrets: 'property=json#a.b, decoded=encoded|base64',
          'template.app.conf': 'value=${plain};',
        }),
        file('properties', 'property', values.property),
        file('properties', 'decoded', values.encoded),
        file('properties', 'app.conf', `value=${values.plain};`),
      ],
    },
    {
      id: 'variables',
      sentence: 'a secret is a variable of the app',
      requires: 'variables',
      steps: [
        pod('variables', { env: 'PROVEN=plain' }),
        look(
          { at: 'variable', pod: 'variables', name: 'PROVEN', wanted: { equals: values.plain } },
          'delivered',
        ),
      ],
    },
    {
      id: 'sidecar',
      sentence: 'a refreshing agent is a sidecar, and the file is there before the app starts',
      steps: [
        pod('sidecar', { secrets: 'plain', refresh }),
        file('sidecar', 'plain', values.plain),
      ],
    },
    {
      id: 'fast-start',
      sentence: 'with a fast start, a hook of the agent holds the app back until the file is there',
      requires: 'fast-start',
      steps: [
        pod('fast-start', { secrets: 'plain', refresh }),
        look({ at: 'gate', pod: 'fast-start' }, 'gated'),
        file('fast-start', 'plain', values.plain),
      ],
    },
  ]
}

const everyType = (facts: ScenarioFacts): Scenario => ({
  id: 'types',
  sentence: 'a certificate, its PKCS#12, its leaf and a public key are files',
  steps: [
    apply(
      podOf({
        name: 'types',
        facts,
        annotations: {
          secrets: '.=tls/web, web.pfx=pfx/web, leaf.pem=cert/web, signing.pem=key/signing',
        },
      }),
    ),
    ...[
      ['tls.crt', '-----BEGIN CERTIFICATE-----\n'],
      ['tls.key', '-----BEGIN PRIVATE KEY-----\n'],
      ['leaf.pem', '-----BEGIN CERTIFICATE-----\n'],
      ['signing.pem', '-----BEGIN PUBLIC KEY-----\n'],
    ].map(([path = '', begins = '']) =>
      look({ at: 'file', pod: 'types', path, wanted: { begins } }, 'delivered'),
    ),
    // The first bytes of a DER sequence of 256 bytes or more.
    look(
      { at: 'file', pod: 'types', path: 'web.pfx', wanted: { begins: 'MII' }, isBinary: true },
      'delivered',
    ),
  ],
})
