import { isBuiltin } from 'node:module'
import { join, relative } from 'node:path'
import type { Plugin } from 'esbuild'
import packageJson from '../../package.json' with { type: 'json' }

const root = join(import.meta.dirname, '../..')

/** Nothing: each export is undefined. */
const nothing = 'nothing'

/** Sources of the commands, and what the page has in their place. */
const replaced: Readonly<Record<string, string>> = {
  'repository/input/text/read-descriptor.ts': './web/core/node/input.ts',
  // These look into folders, write files, or start programs such as Helm and the Azure CLI. A page has one file and no programs.
  'repository/input/render/overlay.ts': nothing,
  'repository/input/render/render-folders.ts': './web/core/node/render-folders.ts',
  'repository/input/plan/plan-rendering.ts': './web/core/node/render-folders.ts',
  'repository/check/find/hidden-definitions.ts': './web/core/node/render-folders.ts',
  'repository/check/find/find-undecided.ts': './web/core/node/render-folders.ts',
  'repository/migrate/files/unreviewed-files.ts': nothing,
  'repository/migrate/files/write-changes.ts': nothing,
  'repository/identity/verify/verify.ts': nothing,
}

const builtins: Readonly<Record<string, string>> = {
  crypto: './web/core/node/crypto.ts',
  fs: './web/core/node/fs.ts',
  path: 'pathe',
  v8: './web/core/node/v8.ts',
  util: './web/core/node/util.ts',
}

const namespace = 'stand-in'

/**
 * Puts stand-ins in the place of Node's modules, so that the commands run in a browser. They lack what no command calls there.
 */
export const standIns: Plugin = {
  name: 'stand-ins',
  setup(build) {
    build.onResolve({ filter: /^[a-z0-9_:/]+$/ }, ({ path }) =>
      isBuiltin(path)
        ? { path: builtins[path.replace(/^node:/, '')] ?? nothing, namespace }
        : undefined,
    )
    build.onResolve({ filter: /^\..*\.ts$/ }, ({ path, resolveDir, namespace: from }) => {
      const standIn = replaced[relative(root, join(resolveDir, path))]
      return standIn === undefined || from === namespace ? undefined : { path: standIn, namespace }
    })
    // The rest of it, such as the names of all packages for development, would be bundled, too.
    build.onLoad({ filter: /\/package\.json$/ }, ({ path }) => {
      if (path !== join(root, 'package.json')) return undefined
      const { name, version, homepage } = packageJson
      return { contents: JSON.stringify({ name, version, homepage }), loader: 'json' }
    })
    // CommonJS, because esbuild lets such a module lack what is imported from it.
    build.onLoad({ filter: /^/, namespace }, ({ path }) => ({
      contents: path === nothing ? 'module.exports = {}' : `module.exports = require('${path}')`,
      resolveDir: root,
    }))
  },
}
