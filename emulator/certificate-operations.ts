/** What one can do with certificates, once let in: read them. Disabled ones too: the service holds back their secret only. */

import { certificateBundle, certificateItem, policyOf, versionItem } from './certificate-json.ts'
import { type Answer, type Call, findLive, type Operation } from './operation.ts'
import { readOperations } from './read-operations.ts'
import { noPendingCertificate } from './vault-refusal.ts'
import { find } from './vault-store.ts'

const kind = 'certificate'

export const certificateOperations: readonly Operation[] = [
  ...readOperations({
    kind,
    all: ({ certificates }) => certificates,
    find: ({ certificates }, name) => find(certificates, name),
    item: certificateItem,
    versionItem,
    get: async ({ vault }, live) => ({ body: await certificateBundle(vault, live) }),
  }),
  { method: 'GET', path: '/certificates/:name/policy', kind, action: 'get', run: getPolicy },
  { method: 'GET', path: '/certificates/:name/pending', kind, action: 'get', run: getPending },
]

async function getPolicy({ vault, name }: Call): Promise<Answer> {
  const found = findLive(kind, find(vault.certificates, name), { name })
  return 'refusal' in found ? found : { body: await policyOf(vault, found) }
}

/** Nothing is ever under way here. */
function getPending({ name }: Call): Answer {
  return { refusal: noPendingCertificate(name) }
}
