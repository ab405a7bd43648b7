import type { ReleasedImage } from './package-chart.ts'

export interface ChangelogEntry {
  /** `2026-11-26`, or another text if the version isn't released yet. */
  readonly date: string
  /** Markdown without the heading. */
  readonly text: string
}

/**
 * Finds the section of a version in a changelog in the form of https://keepachangelog.com/en/1.1.0/: from `## [1.2.3] - DATE` to
 * the next `## ` or the links at the end.
 */
export function findChangelogEntry(changelog: string, version: string): ChangelogEntry | undefined {
  const heading = `## [${version}] - `
  const lines = changelog.split('\n')
  const start = lines.findIndex((line) => line.startsWith(heading))
  if (start === -1) return undefined
  const rest = lines.slice(start + 1)
  const end = rest.findIndex((line) => line.startsWith('## ') || /^\[[^\]]+\]: /.test(line))
  return {
    date: (lines[start] ?? '').slice(heading.length),
    text: (end === -1 ? rest : rest.slice(0, end)).join('\n').trim(),
  }
}

/** The page of a release: its changes, and how to install this version. */
export function releaseNotes(options: {
  readonly version: string
  readonly entry: ChangelogEntry
  readonly image: ReleasedImage
  /** The SHA-256 of the npm package. */
  readonly packageDigest: string
}): string {
  const { version, entry, image, packageDigest } = options
  return `# akv-injector ${version}

${entry.text}

## Install

\`\`\`sh
sha256sum --check --ignore-missing SHA256SUMS
helm install akv-injector akv-injector-chart-${version}.tgz --namespace akv-injector --create-namespace
\`\`\`

The image is \`${image.repository}@${image.digest}\`. The chart and \`install.yaml\` name it by this digest. To use a mirror, set
\`image.repository\`; the digest stays the same. docs/releases.md describes how to verify the files, mirror the image and
install without Helm, and docs/support.md which versions work together.

## Check manifests in a pipeline

\`\`\`yaml
- uses: akv-injector/akv-injector@v${version}
  with:
    version: ${version}
    sha256: ${packageDigest}
\`\`\`

docs/check.md describes this action, and the hook for pre-commit, which takes the same version and digest.
`
}
