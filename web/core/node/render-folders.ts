/** Takes the place of sources that look into folders or render them: a page has no folders, and no programs. */

export const renderFolders = (): readonly never[] => []

export const hiddenDefinitions = () => (): readonly never[] => []

export const judgeExternalSecret = <T>(_: unknown, _lookups: unknown, judge: () => T): T => judge()

export const judgePod = <T, L>(
  _: unknown,
  { lookUps }: { readonly lookUps: L },
  judge: (lookUps: L) => T,
): T => judge(lookUps)

/** Nothing is rendered, and no object of Flux or Argo CD finds the folder that it names. */
export const planRendering = <T extends object>(found: T) => ({
  ...found,
  roots: [],
  refused: [],
  follow: (): readonly never[] => [],
  releases: {
    namespaceOf: (): undefined => undefined,
    isBuilt: () => false,
    pathOf: (): undefined => undefined,
    own: { isOurs: () => true },
  },
})
