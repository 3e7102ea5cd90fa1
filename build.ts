import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild-wasm'

/**
 * `node build.ts [FOLDER]`: makes `dist/` of the sources, few files of many (docs/decisions/0016-bundle.md).
 * All but `main.js` lie one folder deep, as the sources of a room do: what they name beside the package, and
 * the writer's thread beside what starts it, has the same relative place in both.
 */
const ROOT = import.meta.dirname
const [folder = join(ROOT, 'dist')] = process.argv.slice(2)

// Names carry a hash of what is in the file: those of a build before would stay.
rmSync(folder, { recursive: true, force: true })
await build({
  absWorkingDir: ROOT,
  entryPoints: { main: 'src/main.ts', 'parts/writer': 'src/physical/sqlite/writer.ts' },
  outdir: folder,
  chunkNames: 'parts/[name]-[hash]',
  bundle: true,
  // What is loaded late in the sources is a file of its own, and loaded late here too.
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  packages: 'external',
  sourcemap: true,
  logLevel: 'warning',
})
