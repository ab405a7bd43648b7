import { mkdir, mkdtemp, rename, symlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { IssuedPem } from '../../../certs/issue.ts'
import { issueTestAuthority } from '../../support/issue-test-authority.ts'

/** An authority, and a way to put leaves for `localhost` into a folder as the kubelet would. */
export async function tlsFolder(folder: string) {
  const authority = await issueTestAuthority()
  return {
    folder,
    ca: authority.certificatePem,
    issue: authority.issue,
    write: (leaf: IssuedPem) => writeLikeKubelet(folder, leaf),
  }
}

/** The files are links through `..data`, and that is a link which one rename turns to the new set. */
export async function writeLikeKubelet(
  folder: string,
  { certificatePem, keyPem }: IssuedPem,
): Promise<void> {
  await mkdir(folder, { recursive: true })
  const set = await mkdtemp(join(folder, '..set-'))
  await writeFile(join(set, 'tls.crt'), certificatePem)
  await writeFile(join(set, 'tls.key'), keyPem)
  const link = join(folder, '..data_tmp')
  await symlink(basename(set), link)
  await rename(link, join(folder, '..data'))
  for (const name of ['tls.crt', 'tls.key']) await linkOnce(`..data/${name}`, join(folder, name))
}

const linkOnce = (target: string, path: string): Promise<void> =>
  symlink(target, path).catch((error) => {
    if (error.code !== 'EEXIST') throw error
  })
