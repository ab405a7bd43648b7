import t from 'tap'
import type { AgentConfig } from '../../../delivery/contract.ts'
import { checkTargets } from '../../../init-agent/fetch/check-targets.ts'
import { agentConfig, objectFile, secretFile, secretVariable } from '../harness/pod.ts'

t.test('targets that the webhook would deny are refused', async (t) => {
  const value = secretFile('a')
  const cases: readonly [RegExp, Partial<AgentConfig>][] = [
    [/names nothing to fetch/, {}],
    [/"..\/a"/, { files: [secretFile('a', { path: '../a' })] }],
    [/"\/a"/, { templates: [{ path: '/a', segments: [] }] }],
    [/"a" is named twice/, { files: [value], templates: [{ path: 'a', segments: [value] }] }],
    [
      /"ca.crt" is named twice/,
      { files: [objectFile('tls', 'w', { path: '.' }), secretFile('ca.crt')] },
    ],
    [/"h\/1" is named twice/, { files: [secretFile('h', { versions: 2 }), secretFile('h/1')] }],
    [
      /"a" would be a file and a folder/,
      { files: [secretFile('a', { property: '*' }), secretFile('a/b')] },
    ],
    [/variable A is named twice/, { env: [secretVariable('A', 'a'), secretVariable('A', 'b')] }],
    [/cannot be used in env/, { env: [secretVariable('A', 'a', { property: '*' })] }],
    [/cannot be used in env/, { env: [{ ...objectFile('tls', 'a'), variable: 'A' }] }],
    [/cannot be used in env/, { templates: [{ path: 'x', segments: [objectFile('tls', 'a')] }] }],
    [/cannot be used in env/, { files: [objectFile('tls', 'a', { versions: 2 })] }],
    [/cannot be used in env/, { files: [secretFile('a', { property: '*', versions: 2 })] }],
  ]
  for (const [message, config] of cases)
    t.throws(() => checkTargets(agentConfig(config)), { code: 'AKV_CONFIG_INVALID', message })
})

t.test('targets that the webhook accepts are accepted', async (t) => {
  checkTargets(
    agentConfig({
      files: [
        objectFile('tls', 'w', { path: '.' }),
        objectFile('pfx', 'w', { path: 'w/pfx' }),
        secretFile('h', { versions: 2 }),
        secretFile('h', { path: 'h/2' }),
        secretFile('c', { property: '*' }),
      ],
      templates: [{ path: 'x', segments: ['a', objectFile('cert', 'w'), secretFile('c')] }],
      env: [secretVariable('A', 'a', { property: 'b' })],
    }),
  )
  checkTargets(agentConfig({ templates: [{ path: 'x', segments: [] }] }))
  t.pass('without a complaint')
})

const volumes = ['one', 'two'].map((name) => ({ name, class: name }))

t.test('the same targets are refused in a served volume, with its name in the error', async (t) => {
  const cases: readonly [RegExp, AgentConfig['files']][] = [
    [/^volume two, the path "..\/one\/a": .*".."/, [secretFile('a', { path: '../one/a' })]],
    [/^volume two, the path "..data": .*".."/, [secretFile('a', { path: '..data' })]],
    [/^volume two, the path "\/one\/a": .*relative/, [secretFile('a', { path: '/one/a' })]],
    [/^volume two, the path ".": /, [secretFile('a', { path: '.' })]],
    [/^volume two, the path "a" is named twice/, [secretFile('a'), secretFile('a')]],
    [/^volume two, the path "a" would be/, [secretFile('a', { versions: 2 }), secretFile('a')]],
  ]
  for (const [message, wanted] of cases) {
    const files = wanted.map((file) => ({ ...file, volume: 'two' }))
    t.throws(() => checkTargets(agentConfig({ volumes, files })), {
      code: 'AKV_CONFIG_INVALID',
      message,
    })
  }
})

t.test('paths in different volumes don’t conflict', async (t) => {
  checkTargets(
    agentConfig({
      volumes,
      files: [
        secretFile('a'),
        secretFile('a', { volume: 'one' }),
        secretFile('a', { path: 'a/b', volume: 'two' }),
        secretFile('a', { path: 'one/a' }),
        objectFile('tls', 'w', { path: '.', volume: 'one' }),
      ],
    }),
  )
  checkTargets(agentConfig({ volumes }))
  t.pass('without a complaint')
})
