import t from 'tap'
import type { ObjectReader } from '../../../keyvault/readers/object-reader.ts'
import type { ObjectReference } from '../../../keyvault/reference.ts'
import { AkvError } from '../../../lib/errors/akv-error.ts'
import { skipUnresponsiveVaults } from '../../../sync/fetch/skip-unresponsive-vaults.ts'
import { secretPagesOf } from '../../support/secret-pages.ts'

const object = (vault: string, name = 'x'): ObjectReference => ({ vault, type: 'secret', name })

function start(failure: {
  readonly code: 'AKV_NETWORK' | 'AKV_FORBIDDEN'
  readonly afterMs: number
}) {
  let nowMs = 1_000_000
  const asked: string[] = []
  const fail = async ({ vault }: ObjectReference) => {
    asked.push(vault)
    nowMs += failure.afterMs
    throw new AkvError(failure.code, `${vault} failed`)
  }
  const reader: ObjectReader = {
    read: fail,
    listVersions: fail,
    secretPages: () => secretPagesOf(),
  }
  return {
    asked,
    reader: skipUnresponsiveVaults(reader, { now: () => nowMs }),
  }
}

t.test(
  'an unresponsive vault is skipped for the rest of the round, and others are not',
  async (t) => {
    const { asked, reader } = start({ code: 'AKV_NETWORK', afterMs: 10_000 })
    for (const vault of ['a', 'a', 'b'])
      await t.rejects(reader.read(object(vault)), {
        code: 'AKV_NETWORK',
        message: `${vault} failed`,
      })
    await t.rejects(reader.listVersions(object('a')), { message: 'a failed' })
    t.strictSame(asked, ['a', 'b'])
  },
)

t.test('immediate failures and answers don’t count as unresponsive', async (t) => {
  for (const failure of [
    { code: 'AKV_NETWORK', afterMs: 100 },
    { code: 'AKV_FORBIDDEN', afterMs: 10_000 },
  ] as const) {
    const { asked, reader } = start(failure)
    await t.rejects(reader.read(object('a', 'x')))
    await t.rejects(reader.read(object('a', 'y')))
    t.equal(asked.length, 2)
  }
})
