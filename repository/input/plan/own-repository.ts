import { join, resolve } from 'node:path'
import { cached, once } from '../../../lib/cached.ts'
import { listNames } from '../../../lib/list-names.ts'
import { printable } from '../../../lib/printable.ts'
import { objectAt, scalarText, valueAt } from '../../../lib/shape.ts'
import { mayHavePlaceholders } from '../placeholders/find-placeholders.ts'
import { hasPlaceholder } from '../placeholders/open-names.ts'
import { folderInRepository, repositoryRoot, topOfRepository } from '../render/repository-root.ts'
import { hideCredentials } from '../text/hide-credentials.ts'
import { readStart } from '../text/read-start.ts'
import { applicationSources, folderBeforeTemplate } from './application-sources.ts'
import { mayHaveBuilders, objectsIn, textOf } from './read-flux.ts'

/** The repository that a URL names. */
interface Address {
  /** The host and the path, in the same form for each of Git's protocols. */
  readonly full: string
  /** The last part of the path, which forks and mirrors usually keep. */
  readonly name: string
}

/** What the objects of all files say about repositories. */
interface Facts {
  /** The URLs of each GitRepository of Flux, by its name. */
  readonly gitRepositories: ReadonlyMap<string, readonly string[]>
  /** The addresses that objects take something from, if this repository has a folder of that path. */
  readonly used: readonly string[]
}

/**
 * Decides whether the objects of Flux and Argo CD mean this repository or another one, whose folders may have the same paths
 * (docs/specification.md, "Rendering folders").
 */
export class OwnRepository {
  readonly #named: readonly string[]
  readonly #facts: () => Facts
  readonly #remotes = once(() => this.#named.flatMap(remotesOf).slice(0, maxUrls))
  readonly #main = once(() => ({ addresses: this.#mainAddresses() }))
  readonly #isOurs = cached((url: string) => this.#compare(url))

  /**
   * @param files - all files of the folders that are read
   * @param named - the paths that the user named
   */
  constructor(files: readonly string[], named: readonly string[]) {
    this.#named = named.filter((path) => path !== '-').slice(0, maxNamed)
    this.#facts = once(() =>
      readFacts(
        files.filter((file) => file !== '-'),
        named,
      ),
    )
  }

  /** Whether a URL is that of this repository, or can't be compared. */
  isOurs(url: unknown): boolean {
    return typeof url !== 'string' || url.length > maxUrlLength || this.#isOurs(url)
  }

  /** Whether a source of Flux is this repository. One that no file defines counts as this one. */
  hasSource(reference: unknown): boolean {
    if (valueAt(reference, 'kind') !== 'GitRepository') return true
    const name = scalarText(valueAt(reference, 'name'))
    const urls = this.#facts().gitRepositories.get(name) ?? []
    return urls.length === 0 || urls.some((url) => this.isOurs(url))
  }

  /** Says why a URL isn't this repository's, and what to do if it is, after a move or in a renamed fork. Undefined if it is. */
  explainUrl(url: unknown): string | undefined {
    const address = typeof url === 'string' ? addressOf(url) : undefined
    if (address === undefined || this.isOurs(url)) return undefined
    const remotes = this.#remotes().map(({ full }) => shownAddress(full))
    const found =
      remotes.length === 0
        ? 'this checkout has no remote with a host, and most objects use another URL'
        : `the remotes of this checkout are ${listNames(remotes, maxShown)}`
    const { full } = address
    const shown = /^[\w./-]{1,200}$/.test(full) ? full : 'URL'
    return `its source is ${shownAddress(full)}, but ${found}; if both are the same repository, add that URL as a remote, for example with "git remote add upstream https://${shown}", and check again`
  }

  /** The same for a source of Flux. */
  explainSource(reference: unknown): string | undefined {
    if (this.hasSource(reference)) return undefined
    const name = scalarText(valueAt(reference, 'name'))
    return this.explainUrl(this.#facts().gitRepositories.get(name)?.[0])
  }

  #compare(url: string): boolean {
    const address = addressOf(url)
    if (address === undefined) return true
    const remotes = this.#remotes()
    if (remotes.some(({ full }) => full === address.full)) return true
    const isSimilar = remotes.length === 0 || remotes.some(({ name }) => name === address.name)
    return isSimilar && (this.#main().addresses?.has(address.full) ?? true)
  }

  /**
   * Returns the addresses of this repository: its remotes if objects use one of them, and otherwise what most objects use.
   * Undefined if nothing is known, as in a fork.
   */
  #mainAddresses(): ReadonlySet<string> | undefined {
    const remotes = this.#remotes().map(({ full }) => full)
    const { used } = this.#facts()
    if (remotes.length > 0)
      return remotes.some((full) => used.includes(full)) ? new Set(remotes) : undefined
    const counts = Map.groupBy(used, (full) => full)
    // So many addresses as a hostile repository has can't be the arguments of one call.
    const most = [...counts.values()].reduce((max, { length }) => Math.max(max, length), 0)
    const main = [...counts].filter(([, { length }]) => length === most).map(([full]) => full)
    return main.length > 0 ? new Set(main) : undefined
  }
}

function readFacts(files: readonly string[], named: readonly string[]): Facts {
  // Many objects name the same few URLs.
  const fullOf = cached((url: string) => addressOf(url)?.full ?? '')
  const gitRepositories = new Map<string, string[]>()
  let lookUps = 0
  let left = maxLength
  const used: { readonly url?: string; readonly source?: string }[] = []
  for (const file of files) {
    const text = textOf(file)
    if (!mayHaveBuilders(text)) continue
    left -= text.length
    if (left < 0) break
    const top = once(() => topOfRepository(file, named))
    const isHere = (path: unknown) => {
      if (typeof path !== 'string') return false
      const folder = folderBeforeTemplate(path)
      if (folder === '') return true
      lookUps++
      return lookUps <= maxLookUps && folderInRepository(folder, top()) !== undefined
    }
    for (const { kind, metadata, spec } of objectsIn(text, file)) {
      if (kind === 'GitRepository') {
        const name = scalarText(valueAt(metadata, 'name'))
        const url = scalarText(valueAt(spec, 'url'))
        const urls = gitRepositories.get(name) ?? []
        if (urls.length < maxUrls) gitRepositories.set(name, [...urls, url])
      } else if (kind === 'Kustomization' && isHere(valueAt(spec, 'path')))
        used.push({ source: scalarText(valueAt(spec, 'sourceRef', 'name')) })
      const template = kind === 'ApplicationSet' ? objectAt(spec, 'template', 'spec') : spec
      for (const { repoURL, path } of applicationSources(objectAt({ template }, 'template')))
        if (isHere(path)) used.push({ url: scalarText(repoURL) })
    }
  }
  return {
    gitRepositories,
    used: used
      .flatMap(({ url, source = '' }) => url ?? gitRepositories.get(source) ?? [])
      .map(fullOf)
      .filter((full) => full !== ''),
  }
}

const maxNamed = 10
const maxShown = 3
const maxUrlLength = 2000
/** Large repositories have fewer objects. */
const maxLookUps = 10_000
/** Characters of the files that are read for this. Without a limit, all objects would be parsed once more. */
const maxLength = 8 * 1024 * 1024
/** Of one GitRepository in several environments, and of one checkout. */
const maxUrls = 20
const maxConfigBytes = 65_536

/** Reads the remotes of the Git repository that has a path, without Git. */
function remotesOf(path: string): readonly Address[] {
  const text = startOf(join(gitFolderOf(repositoryRoot(path, []) ?? path), 'config'))
  let isRemote = false
  return text.split('\n').flatMap((line) => {
    if (/^\s*\[/.test(line)) isRemote = /^\s*\[remote\s/i.test(line)
    const [, url] = (isRemote ? /^\s*url\s*=\s*"?([^\s"#;]+)/i.exec(line) : null) ?? []
    return (url && addressOf(url)) || []
  })
}

/** Finds the folder with the configuration. In worktrees and submodules, `.git` is a file that names another folder. */
function gitFolderOf(root: string): string {
  const git = join(root, '.git')
  const [, named] = /^gitdir: (.+)$/m.exec(startOf(git)) ?? []
  if (named === undefined) return git
  const folder = resolve(root, named)
  // A worktree shares the configuration of its repository.
  return resolve(folder, startOf(join(folder, 'commondir')).trim())
}

const startOf = (path: string): string => readStart(path, maxConfigBytes)?.text ?? ''

/** Reads a URL, or the short form `git@HOST:PATH`. Undefined for paths of this machine and for templates. */
function addressOf(url: string): Address | undefined {
  if (url.length > maxUrlLength || url.includes('{{')) return undefined
  if (mayHavePlaceholders(url) || hasPlaceholder(url)) return undefined
  const form = url.includes('://')
    ? /^(?:https?|ssh|git):\/\/(?:[^@/]*@)?([\w.-]+)(?::\d+)?\/([^?#]+)/i
    : /^(?:[\w.-]+@)?([\w.-]+):([^?#]+)/
  const [, host, path] = form.exec(url) ?? []
  if (host === undefined || path === undefined) return undefined
  // Azure DevOps has these in the URLs of one protocol only.
  const segments = path
    .toLowerCase()
    .split('/')
    .filter((segment, i) => segment !== '' && segment !== '_git' && !(segment === 'v3' && i === 0))
  const name = segments.pop()?.replace(/\.git$/, '')
  const server = host.toLowerCase().replace(/^(?:ssh|www)\./, '')
  return name ? { full: [server, ...segments, name].join('/'), name } : undefined
}

const shownAddress = (full: string): string => printable(hideCredentials(full), 100)
