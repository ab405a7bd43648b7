import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import packageJson from '../../package.json' with { type: 'json' }
import { findChangelogEntry, releaseNotes } from '../../release/release-notes.ts'

const changelog = `# Changelog

## [Unreleased]

- next

## [1.10.0] - 2026-01-02

### Added

- ten

## [1.1.0] - 2025-12-31

- one

[1.1.0]: https://example.com
`

t.test('the entry of a version ends at the next heading, or at the links', async (t) => {
  t.strictSame(findChangelogEntry(changelog, '1.10.0'), {
    date: '2026-01-02',
    text: '### Added\n\n- ten',
  })
  t.strictSame(findChangelogEntry(changelog, '1.1.0'), { date: '2025-12-31', text: '- one' })
})

t.test('a version that only resembles another one isn’t found', async (t) => {
  for (const version of ['1.1', '1.10', '10.0', '', 'Unreleased'])
    t.equal(findChangelogEntry(changelog, version), undefined, version)
})

t.test('the changelog has an entry for this version', async (t) => {
  const text = readFileSync(join(import.meta.dirname, '../../CHANGELOG.md'), 'utf8')
  t.match(findChangelogEntry(text, packageJson.version), { text: /^### Added\n/ })
})

t.test('the notes have the changes, and image and package by their digests', async (t) => {
  const notes = releaseNotes({
    version: '1.1.0',
    entry: { date: '2025-12-31', text: '- one' },
    image: { repository: 'registry.example/akv-injector', digest: 'sha256:abc' },
    packageDigest: 'def',
  })
  t.match(notes, /^# akv-injector 1\.1\.0\n\n- one\n/)
  t.match(notes, '`registry.example/akv-injector@sha256:abc`')
  t.match(notes, 'version: 1.1.0\n    sha256: def\n')
})
