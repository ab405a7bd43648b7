import t from 'tap'
import { wantedObjects } from '../../../delivery/projection/wanted-objects.ts'
import { agentConfig as config, secretFile, secretVariable } from '../../init-agent/harness/pod.ts'

const optional = { optional: true } as const

t.test(
  'an object that several targets want is fetched once, and is required if one of them requires it',
  async (t) => {
    const objects = wantedObjects(
      config({
        files: [
          secretFile('a', optional),
          secretFile('A', { path: 'b' }),
          secretFile('c', optional),
        ],
        env: [secretVariable('A', 'a', optional)],
      }),
    )
    t.match(objects, [
      { reference: { name: 'a' }, isRequired: true },
      { reference: { name: 'c' }, isRequired: false },
    ])
    t.equal(objects.length, 2)
  },
)
