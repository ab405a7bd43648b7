import { objectAt, objectsAt, scalarText } from '../../lib/shape.ts'
import { jsonOf } from './json-of.ts'
import type { Tools } from './tools.ts'

/**
 * Warns if kubelogin may ask for a sign-in: nobody sees what kubectl prints, so it would wait until its time is up. Undefined otherwise.
 *
 * https://azure.github.io/kubelogin/concepts/login-modes.html
 */
export async function foreseePrompts(tools: Tools): Promise<string | undefined> {
  const { code, stdout } = await tools.run({
    tool: 'kubectl',
    args: ['config', 'view', '--minify', '--output=json'],
  })
  const users = code === 0 ? objectsAt(jsonOf(stdout), 'users') : []
  return users.some((user) => mayAsk(objectAt(user, 'user', 'exec')))
    ? 'kubectl signs in by kubelogin, which may ask for a sign-in in a browser. Nobody sees that here, so if kubectl fails, run: kubelogin convert-kubeconfig --login azurecli'
    : undefined
}

function mayAsk({ command, args }: { readonly command?: unknown; readonly args?: unknown }) {
  if (!/(?:^|[\\/])kubelogin(?:\.exe)?$/.test(scalarText(command))) return false
  const words = Array.isArray(args) ? args.flatMap((arg) => scalarText(arg).split('=')) : []
  const at = words.findIndex((word) => word === '--login' || word === '-l')
  return at < 0 || ['devicecode', 'interactive'].includes(words[at + 1] ?? '')
}
