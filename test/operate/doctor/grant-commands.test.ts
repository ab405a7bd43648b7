import t from 'tap'
import { grantCommands } from '../../../operate/doctor/workload/grant-commands.ts'

const signIn = {
  ...{ client: undefined, tenant: undefined, issuer: undefined, unused: undefined },
  ...{ subject: 'system:serviceaccount:shop:web', audience: 'a', account: 'web' },
  usesBinding: false,
}
const read = { object: { vault: 'team-a', type: 'secret', name: 'x' } }

t.test('commands are folded at the width of a terminal, and mean the same', (t) => {
  const config = { files: [], templates: [], env: [read as never] }
  const whole = grantCommands(signIn, { namespace: 'shop', config })
  const folded = grantCommands(signIn, { namespace: 'shop', config, width: 72 })
  const isCommand = (line: string) => !line.startsWith('#')
  t.ok(whole.some((line) => isCommand(line) && line.length > 72))
  t.ok(folded.some((line) => line.endsWith(' \\')))
  t.strictSame(
    folded
      .join('\n')
      .replaceAll(/ \\\n(?:# )? {4}/g, ' ')
      .split('\n'),
    whole,
  )
  t.end()
})
