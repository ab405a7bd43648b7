import t from 'tap'
import { finalObjects } from '../../../delivery/projection/known-versions.ts'
import { type WantedObject, wantedObjects } from '../../../delivery/projection/wanted-objects.ts'
import {
  agentConfig,
  objectFile,
  secretFile,
  secretVariable,
} from '../../init-agent/harness/pod.ts'
import { delivered } from '../../init-agent/harness/volume.ts'

const version = 'a'.repeat(32)
const pinned = <T extends ReturnType<typeof secretFile | typeof secretVariable>>(value: T): T => ({
  ...value,
  object: { ...value.object, version },
})
const content = (files: readonly string[], env: readonly string[] = []) => ({
  files: delivered(Object.fromEntries(files.map((path) => [path, 'x']))),
  env: new Map(env.map((name) => [name, Buffer.from('x')])),
})

/** The names of the objects that need no refresh any more, after a restart. */
function finalNames(
  config: ReturnType<typeof agentConfig>,
  found: ReturnType<typeof content>,
): readonly string[] {
  const final = finalObjects(wantedObjects(config), { config, content: found, known: new Map() })
  return [...final].map((key) => key.replace(/^.*\/(.*)@.*$/, '$1'))
}

t.test('a pinned version is final once all its targets are in place', async (t) => {
  const config = agentConfig({
    files: [pinned(secretFile('a')), pinned(objectFile('tls', 'w')), secretFile('c')],
    env: [pinned(secretVariable('A', 'a')), secretVariable('C', 'c')],
  })
  const tls = ['w/tls.crt', 'w/tls.key']
  t.strictSame(finalNames(config, content(['a', 'c', ...tls], ['A', 'C'])), ['a', 'w'])
  t.strictSame(finalNames(config, content(['a', ...tls])), ['w'], 'no variable')
  t.strictSame(finalNames(config, content(['a', 'w/tls.crt'], ['A'])), ['a'], 'half a file')
})

t.test(
  'a version in a template is final if all of the template’s versions are pinned',
  async (t) => {
    const template = (...segments: readonly ReturnType<typeof secretFile>[]) => {
      const values = segments.map(({ object }) => ({ object }))
      return agentConfig({ templates: [{ path: 'x', segments: values }] })
    }
    const [a, b] = [pinned(secretFile('a')), pinned(secretFile('b'))]
    t.strictSame(finalNames(template(a, b), content(['x'])), ['a', 'b'])
    t.strictSame(finalNames(template(a, b), content([])), [])
    t.strictSame(finalNames(template(a, secretFile('b')), content(['x'])), [])
  },
)

t.test('a version whose tags are read is never final', async (t) => {
  const tags = pinned(secretFile('a', { format: 'tags', path: 'tags' }))
  const files = [tags, pinned(secretFile('a', { path: 'value' })), pinned(secretFile('b'))]
  t.strictSame(finalNames(agentConfig({ files }), content(['tags', 'value', 'b'])), ['b'])
})

t.test('a history is never final', async (t) => {
  const config = agentConfig({ files: [pinned(secretFile('a', { versions: 2, path: 'h' }))] })
  t.strictSame(finalNames(config, content(['h/0', 'h/1'])), [])
})

t.test('a known version is final', async (t) => {
  const config = agentConfig({ files: [pinned(secretFile('a'))] })
  const objects = wantedObjects(config)
  const known = new Map([[`team-a:secrets/a@${version}`, { kind: 'secret', value: 'x' } as never]])
  t.equal(finalObjects(objects, { config, content: content([]), known }).size, 1)
})

t.test('twice as many pinned versions take twice as many steps', async (t) => {
  const steps = (count: number): number => {
    let read = 0
    const files = Array.from({ length: count }, (_, i) => {
      const file = pinned(secretFile(`s${i}`))
      return {
        ...file,
        get object() {
          read += 1
          return file.object
        },
      }
    })
    const objects: readonly WantedObject[] = files.map(({ object: reference }) => ({
      reference,
      isRequired: true,
    }))
    const found = content(files.map(({ path }) => path))
    read = 0
    const config = { ...agentConfig({}), files }
    t.equal(finalObjects(objects, { config, content: found, known: new Map() }).size, count)
    return read
  }
  t.equal(steps(200), 2 * steps(100))
})
