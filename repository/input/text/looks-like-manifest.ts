/**
 * Whether a text that can't be parsed was meant as a manifest (docs/specification.md, "Files that aren't manifests"). In YAML, lines begin
 * with the keys `apiVersion` and `kind`. In JSON, which may be indented in any way, both keys are somewhere, and the
 * version is one of Kubernetes: templates of Azure Resource Manager have the same keys, and dates as versions.
 */
export function looksLikeManifest(text: string): boolean {
  return /^[\s\ufeff]*\{/.test(text)
    ? /"apiVersion"\s{0,100}:\s{0,100}"(?:[\w.-]{1,253}\/)?v\d/.test(text) &&
        /"kind"\s{0,100}:/.test(text)
    : /^\ufeff?["']?apiVersion["']?[ \t]*:/m.test(text) &&
        /^\ufeff?["']?kind["']?[ \t]*:/m.test(text)
}
