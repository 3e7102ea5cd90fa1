/**
 * Variables that choose which code a program loads, or the files that say so: whoever may write a secret
 * would run code with it. Not all there are, as any program may have its own.
 */
const OF_CODE: ReadonlySet<string> = new Set([
  // Shells, and where programs and their files are looked for.
  ...['PATH', 'IFS', 'ENV', 'BASH_ENV', 'SHELLOPTS', 'BASHOPTS', 'PS4', 'PROMPT_COMMAND', 'ZDOTDIR', 'SHELL'],
  ...[
    'HOME',
    'USERPROFILE',
    'APPDATA',
    'XDG_CONFIG_HOME',
    'XDG_CONFIG_DIRS',
    'XDG_DATA_HOME',
    'XDG_DATA_DIRS',
  ],
  ...['EDITOR', 'VISUAL', 'PAGER', 'LESSOPEN', 'LESSCLOSE', 'CURL_HOME', 'WGETRC', 'INPUTRC'],
  // Libraries.
  ...['GCONV_PATH', 'GLIBC_TUNABLES', 'MALLOC_CONF', '_RJEM_MALLOC_CONF'],
  ...['OPENSSL_CONF', 'OPENSSL_MODULES', 'OPENSSL_ENGINES'],
  // Languages.
  ...['NODE_OPTIONS', 'NODE_PATH', 'PERL5LIB', 'PERL5OPT', 'PERL5DB', 'PERLLIB', 'RUBYLIB', 'RUBYOPT'],
  ...['PYTHONPATH', 'PYTHONHOME', 'PYTHONSTARTUP', 'PYTHONUSERBASE', 'PYTHONBREAKPOINT', 'PYTHONPLATLIBDIR'],
  ...['JAVA_TOOL_OPTIONS', 'JDK_JAVA_OPTIONS', '_JAVA_OPTIONS', 'CLASSPATH', 'DOTNET_STARTUP_HOOKS'],
  // git(1), "Environment Variables", as far as they name programs, hooks or the files that do.
  ...['GIT_SSH', 'GIT_SSH_COMMAND', 'GIT_EXEC_PATH', 'GIT_ASKPASS', 'SSH_ASKPASS', 'GIT_EXTERNAL_DIFF'],
  ...['GIT_EDITOR', 'GIT_SEQUENCE_EDITOR', 'GIT_PAGER', 'GIT_PROXY_COMMAND', 'GIT_TEMPLATE_DIR'],
  ...['GIT_DIR', 'GIT_COMMON_DIR', 'GIT_WORK_TREE', 'GIT_ALLOW_PROTOCOL', 'GIT_PROTOCOL_FROM_USER'],
])
const PREFIXES_OF_CODE = /^(?:LD_|DYLD_|BASH_FUNC_|CORECLR_|COR_|GIT_CONFIG|LUA_(?:INIT|PATH|CPATH)(?:_|$))/
/** Settings of npm, which reads their names in any case: `script-shell` is a program. */
const OF_NPM = /^npm_config_/i

/** Variables that choose whom a program talks to, and whose certificates it believes. */
const OF_TRAFFIC: ReadonlySet<string> = new Set([
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'CURL_CA_BUNDLE', 'REQUESTS_CA_BUNDLE', 'AWS_CA_BUNDLE'],
  ...['NODE_EXTRA_CA_CERTS', 'NODE_TLS_REJECT_UNAUTHORIZED', 'PYTHONHTTPSVERIFY', 'HOSTALIASES'],
])
const PREFIXES_OF_TRAFFIC = /^GIT_SSL_/
/** Programs read these in small letters, in capitals, or both. */
const PROXY = /^(?:https?|all|ftp|socks|no)_proxy$/i

/** What a variable of this name would choose for the program that gets it, in words; `null` for nothing. */
export function steeredBy(name: string): string | null {
  if (OF_CODE.has(name) || PREFIXES_OF_CODE.test(name) || OF_NPM.test(name))
    return 'what code the program loads'
  if (OF_TRAFFIC.has(name) || PREFIXES_OF_TRAFFIC.test(name) || PROXY.test(name))
    return 'whom the program talks to and trusts'
  return null
}
