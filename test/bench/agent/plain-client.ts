import { clientId, type Stage, tenantId } from './stage.ts'

export interface PlainOptions extends Pick<Stage, 'url' | 'ca' | 'token'> {
  /** Of the secrets. */
  readonly names: readonly string[]
  /** Reads one after another, as the CSI driver's provider for Azure does, instead of all at once. */
  readonly isSequential: boolean
}

/**
 * The floor for the agent: signs in and reads the same secrets with `node:https` alone, checks nothing and writes nothing.
 * A program for `node --eval`, with {@link plainEnvironment}.
 */
export const plainClient = `
const { request, Agent } = require('node:https')
const { url, ca, form, names, isSequential } = JSON.parse(process.env.PLAIN_CLIENT)
const agent = new Agent({ keepAlive: true, ca })
const send = (path, options, body) => new Promise((resolve, reject) => {
  const sent = request(url + path, { agent, ...options }, async (response) => {
    const chunks = []
    for await (const chunk of response) chunks.push(chunk)
    if (response.statusCode !== 200) reject(new Error(path + ': ' + response.statusCode))
    else resolve(JSON.parse(Buffer.concat(chunks)))
  })
  sent.on('error', reject)
  sent.end(body)
})
async function main() {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const { access_token } = await send(form.path, { method: 'POST', headers }, form.body)
  const read = (name) => send('/team-a/secrets/' + name + '?api-version=7.5', {
    headers: { authorization: 'Bearer ' + access_token },
  })
  if (isSequential) for (const name of names) await read(name)
  else await Promise.all(names.map(read))
  agent.destroy()
}
main().catch((error) => { console.log(error); process.exitCode = 1 })
`

export function plainEnvironment(options: PlainOptions): Readonly<Record<string, string>> {
  const { url, ca, token, names, isSequential } = options
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: token,
    scope: 'https://vault.azure.net/.default',
  })
  const form = { path: `/${tenantId}/oauth2/v2.0/token`, body: body.toString() }
  return { PLAIN_CLIENT: JSON.stringify({ url, ca, form, names, isSequential }) }
}
