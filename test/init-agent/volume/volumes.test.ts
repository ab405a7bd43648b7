import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openVolumes } from '../../../init-agent/volume/volumes.ts'
import { agentConfig, secretFile, secretVariable } from '../pod.ts'
import { set } from '../volume.ts'

t.test('the variables are switched before the files, and not if the files can’t be', async (t) => {
  const root = t.testdir({ files: {}, env: {} })
  const config = agentConfig({ files: [secretFile('a')], env: [secretVariable('A', 'a')] })
  const volumes = openVolumes(root, config)
  const content = (value: string) => ({
    files: set({ a: value }),
    env: new Map([['A', Buffer.from(value)]]),
  })
  volumes.write(content('1'))
  t.match(volumes.read()?.content, content('1'))
  writeFileSync(join(root, 'files', 'b'), 'foreign')
  const inTheWay = { ...content('2'), files: set({ b: '2' }) }
  t.throws(() => volumes.write(inTheWay), { code: 'AKV_FILE_IN_THE_WAY' })
  t.match(volumes.read()?.content, content('1'))
})
